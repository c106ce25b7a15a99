#!/usr/bin/env bash
# A lab's network on this machine, and the tree its hosts are copied from. `up` makes them, `down` removes the network;
# the tree stays in a cache, because making it takes minutes.
: "${LAB:?name of the lab}"
: "${LAB_NETWORK:?network of the lab, e.g. 10.77.0.0/24}"
: "${LAB_DEBIAN:?12 or 13}"
source lib/common.sh
source lib/lab/names.sh
source lib/lab/base.sh
source lib/lab/cgroup.sh
source lib/lab/host.sh
source lib/lab/network.sh
source lib/lab/resolver.sh
source lib/lab/world.sh

home=$LAB_HOME/$LAB

lab_need_root
case ${1:-} in
up)
  lab_need_commands
  mkdir -p "$home" && chmod 0700 "$home"
  # Read again by lab.sh when the machine was rebooted.
  printf 'LAB_NETWORK=%q\nLAB_DEBIAN=%q\n' "$LAB_NETWORK" "$LAB_DEBIAN" >"$home/settings"
  make_network
  lead_names
  make_base "$LAB_DEBIAN"
  ;;
down)
  remove_world
  remove_network
  ;;
*) die "unknown action ${1:-}" "up or down" ;;
esac
