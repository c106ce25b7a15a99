#!/usr/bin/env bash
# Make a Debian host ready for a node, or refuse it with all reasons before anything is touched.
: "${CLUSTER_ID:?what tells this cluster from every other}"
: "${STACK:?project and stack, for people}"
: "${NODE:?name of the node}"
: "${ADDRESS:?private address of the host}"
: "${HOSTS:?lines for /etc/hosts: address and names of every node}"
: "${CLUSTER:?JSON of all nodes and of the tolerance they give}"
: "${ADDRESS_SECONDS:?how long the address may take to appear, where the network is being made}"
: "${DEVICE?block device for the data of the database; empty: the disk of the host}"
: "${DISK_KEY?key of that device; empty: its data lie in clear}"
: "${TANG_PORT?where to answer for the disks of other nodes; empty: none is encrypted}"
: "${PACKAGES?Debian packages beside the usual ones, may be empty}"
: "${MIN_MEMORY_MIB:?least memory}"
: "${MIN_DISK_GIB:?least free disk}"
source lib/common.sh
source lib/apt.sh
source lib/host/facts.sh
source lib/host/refusals.sh
source lib/host/encrypted.sh
source lib/host/tang.sh
source lib/host/volume.sh
export -n DISK_KEY

owner=/etc/stalwart-cluster/owner.json
records=/var/lib/stalwart-cluster

prepare_packages() {
  local wanted=(adduser ca-certificates curl openssl procps python3 python3-dnspython iproute2)
  read -r -a extra <<<"$PACKAGES"
  wanted+=("${extra[@]}")
  # A container has its machine's clock; a server keeps its own.
  systemd-detect-virt --quiet --container || wanted+=(chrony)
  install_packages "${wanted[@]}"
}

prepare_names() {
  put /etc/hostname 0644 root:root <<<"$NODE"
  [[ "$(hostname)" == "$NODE" ]] || hostname "$NODE"
  {
    sed '/^# stalwart-cluster begin$/,/^# stalwart-cluster end$/d' /etc/hosts
    printf '# stalwart-cluster begin\n%s\n# stalwart-cluster end\n' "$HOSTS"
  } | put /etc/hosts 0644 root:root
}

claim() {
  mkdir -p /etc/stalwart-cluster
  install -d -m 0700 "$records"
  [[ "$(owner_field id "$owner")" != "$CLUSTER_ID" || -n "$(owner_field released "$owner")" ]] || return 0
  printf '{"id": "%s", "stack": "%s", "node": "%s", "since": "%s"}\n' \
    "$CLUSTER_ID" "$STACK" "$NODE" "$(date -u +%FT%TZ)" | put "$owner" 0644 root:root
}

# Read by what acts on a host when the stack is not at work: a reboot, a start after an outage.
prepare_cluster() { put /etc/stalwart-cluster/cluster.json 0644 root:root <<<"$CLUSTER"; }

# Whoever has no such address is refused below, with all other reasons.
for ((tries = 0; tries < 2 * ADDRESS_SECONDS; tries++)); do
  ! has_address "$ADDRESS" || break
  sleep 0.5
done
refuse_unfit_host
claim
prepare_cluster
prepare_volume
prepare_packages
prepare_names
check_clock
thumbprint=''
if [[ -n "$TANG_PORT" ]]; then
  serve_keys
  thumbprint=$(own_thumbprint)
fi
printf '{"arch": "%s", "debian": "%s", "memory_mib": %d, "cpus": %d, "disk_free_gib": %d, "thumbprint": "%s"}\n' \
  "$(dpkg --print-architecture)" "$(debian_release)" "$(memory_mib)" "$(nproc)" "$(disk_free_gib)" "$thumbprint"
