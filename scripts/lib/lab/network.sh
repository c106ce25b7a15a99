# shellcheck shell=bash
# A lab's network on this machine: a bridge, its address, and the way out to Debian's packages. All of it is gone after
# a reboot, and made again by the same function.

lab_network_names() {
  home=$LAB_HOME/$LAB
  bridge=$(lab_bridge "$LAB")
  table=$(lab_table "$LAB")
  gateway=$(lab_gateway "$LAB_NETWORK")
}

refuse_clash() {
  local other
  other=$(ip -o route show | awk -v ours="$bridge" '$1 != "default" && $0 !~ ("dev " ours "( |$)") { print $1 }' |
    python3 -c '
import ipaddress, sys
lab = ipaddress.ip_network(sys.argv[1])
for line in sys.stdin:
    route = ipaddress.ip_network(line.strip(), strict=False)
    if route.overlaps(lab):
        print(route)
' "$LAB_NETWORK" | first_line)
  [[ -z "$other" ]] ||
    die "the lab's network $LAB_NETWORK overlaps $other, which this machine already routes" \
      "choose another: pulumi config set --path stalwart-cluster:lab.network 10.78.0.0/24"
}

make_network() {
  lab_network_names
  refuse_clash
  if ! ip link show "$bridge" >/dev/null 2>&1; then
    # An address of its own: else it takes its lowest port's, and changes it under the hosts when that host is lost.
    ip link add "$bridge" address "$(lab_hardware_address "$LAB")" type bridge
    log "bridge $bridge made"
  fi
  ip -o -4 address show dev "$bridge" | grep -wF "$gateway/${LAB_NETWORK#*/}" >/dev/null ||
    ip address add "$gateway/${LAB_NETWORK#*/}" dev "$bridge"
  ip link set "$bridge" up
  # Put back when the last lab goes what the first one found; two may begin at once.
  (set -o noclobber && cat /proc/sys/net/ipv4/ip_forward >"$LAB_HOME/ip_forward") 2>/dev/null || true
  echo 1 >/proc/sys/net/ipv4/ip_forward
  # A table of our own, replaced whole. The lab's hosts reach Debian's packages through this machine.
  nft -f - <<RULES
table ip $table
delete table ip $table
table ip $table {
  chain postrouting {
    type nat hook postrouting priority srcnat;
    ip saddr $LAB_NETWORK ip daddr != $LAB_NETWORK masquerade
  }
}
RULES
  # Where another firewall drops what is forwarded (Docker does), the lab's own traffic is let through.
  if command -v iptables >/dev/null && iptables -S FORWARD 2>/dev/null | grep -- '-P FORWARD DROP' >/dev/null; then
    iptables -C FORWARD -s "$LAB_NETWORK" -j ACCEPT 2>/dev/null || iptables -I FORWARD -s "$LAB_NETWORK" -j ACCEPT
    iptables -C FORWARD -d "$LAB_NETWORK" -j ACCEPT 2>/dev/null || iptables -I FORWARD -d "$LAB_NETWORK" -j ACCEPT
  fi
}

remove_network() {
  lab_network_names
  nft delete table ip "$table" 2>/dev/null || true
  if command -v iptables >/dev/null; then
    iptables -D FORWARD -s "$LAB_NETWORK" -j ACCEPT 2>/dev/null || true
    iptables -D FORWARD -d "$LAB_NETWORK" -j ACCEPT 2>/dev/null || true
  fi
  ip link delete "$bridge" 2>/dev/null || true
  rm -f "$home/settings"
  rmdir "$home" 2>/dev/null || true
  if [[ -s "$LAB_HOME/ip_forward" && -z "$(find "$LAB_HOME" -mindepth 1 -maxdepth 1 -type d)" ]]; then
    cat "$LAB_HOME/ip_forward" >/proc/sys/net/ipv4/ip_forward
    rm -f "$LAB_HOME/ip_forward"
  fi
  rmdir --parents "$LAB_HOME" 2>/dev/null || true
}
