#!/usr/bin/env bash
# For a person at this machine: start a lab again after a reboot, look at it, hurt one host on purpose, or remove a lab
# whose state is lost.
: "${LAB:?name of the lab}"
source lib/common.sh
source lib/lab/names.sh
source lib/lab/base.sh
source lib/lab/cgroup.sh
source lib/lab/host.sh
source lib/lab/network.sh
source lib/lab/resolver.sh

home=$LAB_HOME/$LAB
nodes() { find "$home" -mindepth 2 -maxdepth 2 -name settings -printf '%h\n' 2>/dev/null | sort; }

# enter HOME: set NODE and LAB_ADDRESS of a host.
enter() {
  NODE=$(basename "$1")
  # shellcheck source=/dev/null  # written by host.sh
  source "$1/settings"
}

lab_need_root
[[ -d "$home" ]] || die "there is no lab $LAB on this machine" "make one: make up"
case ${1:-} in
start)
  # shellcheck source=/dev/null  # written by network.sh
  source "$home/settings"
  make_network
  for host in $(nodes); do
    enter "$host"
    start_host "$host"
  done
  lead_names
  for host in $(nodes); do
    enter "$host"
    wait_for 60 "$NODE to answer SSH at $LAB_ADDRESS" answers "$LAB_ADDRESS" 22
  done
  ;;
stop)
  for host in $(nodes); do
    enter "$host"
    stop_host "$host"
  done
  ;;
status)
  for host in $(nodes); do
    enter "$host"
    state=stopped
    ! is_running "$host/process" || state=running
    printf '%s %s %s\n' "$NODE" "$LAB_ADDRESS" "$state"
  done
  ;;
kill | cut | mend)
  NODE=${2:?name of the node}
  [[ -d "$home/$NODE" ]] || die "there is no host $NODE in $LAB"
  case $1 in
  kill) cut_power "$home/$NODE" ;;
  cut) ip link set "vb-$(lab_machine "$LAB" "$NODE")" down ;;
  mend) ip link set "vb-$(lab_machine "$LAB" "$NODE")" up ;;
  esac
  ;;
remove)
  for host in $(nodes); do
    enter "$host"
    remove_host "$host"
  done
  # shellcheck source=/dev/null  # written by network.sh
  [[ ! -s "$home/settings" ]] || source "$home/settings"
  rm -rf --one-file-system "$home"
  [[ -z "${LAB_NETWORK:-}" ]] || remove_network
  ;;
*) die "unknown action ${1:-}" "start, stop, status, remove, kill NODE, cut NODE or mend NODE" ;;
esac
