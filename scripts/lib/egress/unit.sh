# shellcheck shell=bash
# The units of the way out: stalwart-egress-gateway on a node that sends, stalwart-egress-redirect on one that does not.

# egress_is_up NAME DESCRIPTION LINES: have the program of lib/egress/NAME.py run, now and after a boot. LINES go into the
# section [Service]. Its user exists only while it runs.
egress_is_up() {
  local name=$1 description=$2 lines=$3 digest unit=stalwart-egress-$1
  digest=$(in_python lib/egress/place.py "$name")
  # shellcheck disable=SC2034  # program_runs reads it
  CHANGED=0
  put "/etc/systemd/system/$unit.service" 0644 root:root <<UNIT
# Programs $digest
[Unit]
Description=$description
Wants=network-online.target
After=network-online.target
# It may bind to a private address, which may come up late: try for as long as it takes.
StartLimitIntervalSec=0

[Service]
DynamicUser=yes
Environment=NODE=$NODE
$lines
ExecStart=/usr/bin/python3 -B /usr/local/lib/stalwart-cluster/egress-$name
SyslogIdentifier=$unit
Restart=always
RestartSec=1
LimitNOFILE=16384
$(confined)

[Install]
WantedBy=multi-user.target
UNIT
  program_runs "$unit"
}

# egress_is_gone NAME: nothing of it stays.
egress_is_gone() {
  local unit=stalwart-egress-$1
  [[ -e /etc/systemd/system/$unit.service ]] || return 0
  log "removing $unit"
  systemctl disable --now --quiet "$unit"
  gone "/etc/systemd/system/$unit.service"
  rm -rf "/usr/local/lib/stalwart-cluster/egress-$1" "/var/lib/stalwart-cluster/written/usr/local/lib/stalwart-cluster/egress-$1"
  systemctl daemon-reload
}

listens() { timeout 2 bash -c "exec 3<>/dev/tcp/$1/$2" 2>/dev/null; }
