# shellcheck shell=bash
# Who answers a lab's hosts when they look up a name. Each asks the lab's gateway, always, and this machine leads the
# question on: to the name server of the world outside while there is one, else to its own resolver. So no host has to be
# told when the world comes or goes, and none waits for one that is not there.

# The host of the world outside. No node can have its name: a node's has no dot.
LAB_WORLD=mail.world.test
# As components/settings/addresses.py has it, which refuses it for a node.
_WORLD_OFFSET=9

lab_world_address() {
  local base=${1%/*}
  printf '%s.%d' "${base%.*}" "$((${base##*.} + _WORLD_OFFSET))"
}

# The resolvers of this machine. A stub on loopback is not reached from a guest.
lab_resolvers() {
  grep -h '^nameserver' /run/systemd/resolve/resolv.conf /etc/resolv.conf 2>/dev/null |
    awk '$2 !~ /^127\./ && $2 ~ /^[0-9.]+$/ && !seen[$2]++ { print $2 }' || true
}

# lead_names: where questions for names go from now on. Needs LAB, LAB_NETWORK, and the lab's network up.
lead_names() {
  local table gateway world own
  table=$(lab_table "$LAB")
  gateway=$(lab_gateway "$LAB_NETWORK")
  world=$(lab_world_address "$LAB_NETWORK")
  own=$(lab_resolvers | first_line)
  {
    printf 'add chain ip %s names { type nat hook prerouting priority dstnat; }\nflush chain ip %s names\n' "$table" "$table"
    printf 'add chain ip %s names_back { type nat hook postrouting priority srcnat - 1; }\nflush chain ip %s names_back\n' "$table" "$table"
    if is_running "$LAB_HOME/$LAB/$LAB_WORLD/process" && [[ -e "$LAB_HOME/$LAB/$LAB_WORLD/serves" ]]; then
      _lead "ip saddr $LAB_NETWORK ip saddr != $world" "$world"
      # Its answers come back the way of the question.
      printf 'add rule ip %s names_back ip saddr %s ip daddr %s ct status dnat masquerade\n' "$table" "$LAB_NETWORK" "$world"
    fi
    [[ -z "$own" ]] || _lead "ip saddr $LAB_NETWORK" "$own"
  } | nft -f -
}

# _lead WHOSE TO: a rule for questions that the gateway is asked.
_lead() {
  printf 'add rule ip %s names %s ip daddr %s meta l4proto { tcp, udp } th dport 53 dnat to %s\n' "$table" "$1" "$gateway" "$2"
}
