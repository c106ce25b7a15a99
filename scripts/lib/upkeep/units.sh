# shellcheck shell=bash
# The units that reboot a host in its turn, and see that it is back.

UPKEEP='/usr/bin/python3 -B /usr/local/lib/stalwart-cluster/upkeep'
UNITS=/etc/systemd/system

# put_turn_unit ACTION DESCRIPTION: one that waits for its turn.
put_turn_unit() {
  put "$UNITS/stalwart-cluster-$1.service" 0644 root:root <<UNIT
[Unit]
Description=$2
# So that a claim can be given back when the host goes down.
After=network.target

[Service]
Type=oneshot
Environment=NODE=$NODE
ExecStart=$UPKEEP $1
# Whatever ended it before the host went down: the mail server serves again, and the next node may go.
ExecStopPost=$UPKEEP undo
SyslogIdentifier=stalwart-cluster-$1
# Others may be in front.
TimeoutStartSec=4500
# Another run on this host may be at work first.
TimeoutStopSec=1600
UNIT
}

write_reboot_units() {
  # Started by `make reboot`.
  put_turn_unit reboot "Reboots this host in its turn, or says why not"
  put "$UNITS/stalwart-cluster-back.service" 0644 root:root <<UNIT
[Unit]
Description=Gives back the turn that this host went down in, after a reboot once this node serves again
Wants=network-online.target
After=network-online.target foundationdb.service
StartLimitIntervalSec=0

[Service]
Type=oneshot
Environment=NODE=$NODE
ExecStart=$UPKEEP back
SyslogIdentifier=stalwart-cluster-back
TimeoutStartSec=1200
Restart=on-failure
RestartSec=30

[Install]
WantedBy=multi-user.target
UNIT
}

RENEW_TIMER=stalwart-cluster-renew.timer

write_renew_units() {
  put_turn_unit renew "Reboots this host or restarts its services in its turn, where an update asks for it"
  # Not made up for at the next boot: after an outage every node would begin at once.
  put_timer "$UNITS/$RENEW_TIMER" 0644 root:root <<UNIT
[Unit]
Description=Looks every day whether an update asks for a reboot

[Timer]
OnCalendar=*-*-* $RENEW_AT:00 UTC
AccuracySec=1s

[Install]
WantedBy=timers.target
UNIT
}

# enable_units UNIT...: what starts at boot or by its time. In one call, because systemd reads all its units again for each;
# then timers that are new, or have another time.
enable_units() {
  local unit missing=()
  for unit in "$@"; do
    is_enabled "$unit" || missing+=("$unit")
  done
  ((${#missing[@]} == 0)) || systemctl enable --quiet "${missing[@]}"
  for unit in "$@"; do
    [[ "$unit" != *.timer ]] || systemctl is-active --quiet "$unit" || systemctl start "$unit"
  done
}

# disable_units UNIT...: what is not wanted any more, or never was.
disable_units() {
  local unit
  for unit in "$@"; do
    ! is_enabled "$unit" || systemctl disable --now --quiet "$unit"
  done
}

# put_timer PATH MODE OWNER: as `put`; one that was written is noted, because it goes by its new time only once it starts
# again.
OTHER_TIMES=()
put_timer() {
  local before=$CHANGED
  CHANGED=0
  put "$@"
  if ((CHANGED)); then OTHER_TIMES+=("$1"); else CHANGED=$before; fi
}

is_enabled() { [[ "$(systemctl is-enabled "$1" 2>/dev/null)" == enabled ]]; }
