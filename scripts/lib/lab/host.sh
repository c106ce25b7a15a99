# shellcheck shell=bash
# Start and stop one lab host. A host is one systemd-nspawn process, written down by number and start time; a reboot from
# inside ends it with a number of its own, and begins another.

# Source: EXIT_FORCE_RESTART of systemd-nspawn with --keep-unit.
export REBOOTS=133

answers() { timeout 2 bash -c "exec 3<>/dev/tcp/$1/$2 && read -r -t 2 banner <&3 && [[ \$banner == SSH-* ]]" 2>/dev/null; }

# start_host HOME: boot the tree below HOME, unless it runs.
start_host() {
  local home=$1 machine
  ! is_running "$home/process" || return 0
  machine=$(lab_machine "$LAB" "$NODE")
  NETWORK="vb-$machine" PROCESS="$home/process" setsid bash -c "$(declare -f started_at remember_process own_cgroup run_host); run_host \"\$@\"" \
    run_host systemd-nspawn --quiet --boot --directory="$home/root" --machine="$machine" \
    --network-bridge="$(lab_bridge "$LAB")" --register=no --keep-unit --kill-signal=SIGRTMIN+3 \
    --resolv-conf=off --timezone=off --console=pipe \
    >"$home/console.log" 2>&1 </dev/null 8>&- 9>&- &
  disown "$!"
  wait_for 10 "the process of $NODE" is_running "$home/process"
}

# run_host COMMAND...: run a host until it is switched off; again for as long as it reboots. Needs NETWORK and PROCESS.
run_host() {
  local code=$REBOOTS
  own_cgroup "${NETWORK#vb-}" "${PROCESS%/*}/cgroups"
  while ((code == REBOOTS)); do
    # A name that still runs would make the start fail with "File exists".
    ip link delete "$NETWORK" 2>/dev/null || true
    "$@" &
    remember_process "$!" "$PROCESS"
    code=0
    wait "$!" || code=$?
  done
}

# stop_host HOME: shut down cleanly, and after 20 s at once.
stop_host() {
  local home=$1 pid
  if is_running "$home/process"; then
    pid=$(process_of "$home/process")
    kill -TERM "$pid" 2>/dev/null || true
    for _ in {1..100}; do
      is_running "$home/process" || break
      sleep 0.2
    done
    ! is_running "$home/process" || cut_power "$home"
  fi
  rm -f "$home/process"
  drop_cgroups "$home/cgroups"
}

# cut_power HOME: end the host's processes at once, by number, the guest's init last of all. The network goes first: the
# kernel would close their connections politely, and a host without power says goodbye to nobody.
cut_power() {
  local home=$1 pid tree
  is_running "$home/process" || return 0
  pid=$(process_of "$home/process")
  tree=$(descendants "$pid")
  ip link set "vb-$(lab_machine "$LAB" "$NODE")" down 2>/dev/null || true
  kill -KILL "$pid" 2>/dev/null || true
  # shellcheck disable=SC2086  # a list of numbers
  [[ -z "$tree" ]] || kill -KILL $tree 2>/dev/null || true
  for _ in {1..50}; do
    is_running "$home/process" || break
    sleep 0.1
  done
  rm -f "$home/process"
  drop_cgroups "$home/cgroups"
  ip link delete "vb-$(lab_machine "$LAB" "$NODE")" 2>/dev/null || true
}

# remove_host HOME: what it holds goes with it, so there is nothing to shut down cleanly for.
remove_host() {
  cut_power "$1"
  rm -rf --one-file-system "$1"
}

descendants() {
  local child
  for child in $(pgrep -P "$1" 2>/dev/null); do
    printf '%s ' "$child"
    descendants "$child"
  done
}
