#!/usr/bin/env bash
# One lab host on this machine: `up` makes and boots it, `start` boots it again, `down` removes it and all it held.
: "${LAB:?name of the lab}"
: "${LAB_NETWORK:?network of the lab, e.g. 10.77.0.0/24}"
: "${LAB_DEBIAN:?12 or 13}"
: "${NODE:?name of the node}"
: "${LAB_ADDRESS:?address of the host}"
: "${LAB_AUTHORIZED_KEY:?public key that may log in as root}"
: "${LAB_HOST_KEY:?private ed25519 key for SSH on the host}"
source lib/common.sh
source lib/lab/names.sh
source lib/lab/base.sh
source lib/lab/host.sh

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
  # The machine's own resolvers; a stub on loopback would not be there inside the guest.
  grep -h '^nameserver' /run/systemd/resolve/resolv.conf /etc/resolv.conf 2>/dev/null |
    grep -v ' 127\.' | sort -u >"$root.making/etc/resolv.conf" || true
  install -d -m 0700 "$root.making/root/.ssh"
  printf '%s\n' "$LAB_AUTHORIZED_KEY" >"$root.making/root/.ssh/authorized_keys"
  (umask 077 && printf '%s\n' "$LAB_HOST_KEY" >"$root.making/etc/ssh/ssh_host_ed25519_key")
  # Only this key: a client must not settle on a kind of key that nobody pinned. Without PAM, because its session
  # starts and stops a user's systemd, and in a guest a login that meets the stopping one hangs for 90 s.
  printf 'HostKey /etc/ssh/ssh_host_ed25519_key\nPasswordAuthentication no\nUseDNS no\nUsePAM no\n' \
    >"$root.making/etc/ssh/sshd_config.d/lab.conf"
  mv "$root.making" "$root"
}

lab_need_root
home=$LAB_HOME/$LAB/$NODE
case ${1:-} in
up)
  mkdir -p "$home" && chmod 0700 "$LAB_HOME/$LAB" "$home"
  [[ -d "$home/root" ]] || make_host "$home"
  printf 'LAB_ADDRESS=%q\n' "$LAB_ADDRESS" >"$home/settings"
  start_host "$home"
  wait_for 60 "$NODE to answer SSH at $LAB_ADDRESS" answers "$LAB_ADDRESS" 22
  ;;
down)
  # What it holds goes with it: nothing to shut down cleanly for.
  cut_power "$home"
  rm -rf --one-file-system "$home"
  rmdir "$LAB_HOME/$LAB" 2>/dev/null || true
  ;;
*) die "unknown action ${1:-}" "up or down" ;;
esac
