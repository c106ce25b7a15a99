# shellcheck shell=bash
# What a lab host is made of: a copy of the base tree with its own name, address and keys.

make_host() {
  local root=$1/root base
  base=$(lab_base "$LAB_DEBIAN")
  [[ -e "$base/.complete" ]] || die "the tree of Debian $LAB_DEBIAN is missing from the cache" "run the same command again"
  rm -rf "$root.making"
  cp -a --reflink=auto "$base" "$root.making"
  rm -f "$root.making/.complete"
  printf '%s\n' "$NODE" >"$root.making/etc/hostname"
  printf '127.0.0.1 localhost\n' >"$root.making/etc/hosts"
  # nspawn always names a guest's interface host0.
  cat >"$root.making/etc/systemd/network/10-lab.network" <<NETWORK
[Match]
Name=host0
[Network]
Address=$LAB_ADDRESS/${LAB_NETWORK#*/}
Gateway=$(lab_gateway "$LAB_NETWORK")
LinkLocalAddressing=no
NETWORK
  install -d -m 0700 "$root.making/root/.ssh"
  printf '%s\n' "$LAB_AUTHORIZED_KEY" >"$root.making/root/.ssh/authorized_keys"
  (umask 077 && printf '%s\n' "$LAB_HOST_KEY" >"$root.making/etc/ssh/ssh_host_ed25519_key")
  # Only this key: a client must not settle on a kind of key that nobody pinned. Without PAM, because its session
  # starts and stops a user's systemd, and in a guest a login that meets the stopping one hangs for 90 s.
  printf 'HostKey /etc/ssh/ssh_host_ed25519_key\nPasswordAuthentication no\nUseDNS no\nUsePAM no\n' \
    >"$root.making/etc/ssh/sshd_config.d/lab.conf"
  mv "$root.making" "$root"
}

# has_host_key HOME: whether the host there is the one with the key that the stack knows.
has_host_key() { [[ "$(<"$1/root/etc/ssh/ssh_host_ed25519_key")" == "$(printf %s "$LAB_HOST_KEY")" ]]; }

# host_is_up HOME: the host is there, runs, and answers SSH.
host_is_up() {
  local home=$1
  mkdir -p "$home" && chmod 0700 "$LAB_HOME/$LAB" "$home"
  [[ -d "$home/root" ]] || make_host "$home"
  has_host_key "$home" ||
    die "$home is a host of another state of this stack: it has another key for SSH" \
      "bring that state back, or remove all the lab's hosts with the mail they hold: STACK=${LAB#stalwart-cluster-} tools/lab.sh remove"
  # Whom to ask for names is this machine's matter: it leads the questions on (lib/lab/resolver.sh).
  printf 'nameserver %s\n' "$(lab_gateway "$LAB_NETWORK")" >"$home/root/etc/resolv.conf"
  printf 'LAB_ADDRESS=%q\n' "$LAB_ADDRESS" >"$home/settings"
  start_host "$home"
  wait_for 60 "$NODE to answer SSH at $LAB_ADDRESS" answers "$LAB_ADDRESS" 22
}
