# shellcheck shell=bash
# The database's unit and configuration. Written before the package, so that it never makes a database of its own.

# The package brings an init script only: systemd would call it active when it is dead, and never restart it.
# The condition keeps the package's own start an empty act until everything is in place.
write_unit() {
  CHANGED=0
  put /etc/systemd/system/foundationdb.service 0644 root:root <<'UNIT'
[Unit]
Description=FoundationDB
Wants=network-online.target
After=network-online.target
ConditionPathExists=/etc/foundationdb/.ready
RequiresMountsFor=/var/lib/foundationdb

[Service]
Type=simple
ExecStart=/usr/lib/foundationdb/fdbmonitor --conffile /etc/foundationdb/foundationdb.conf --lockfile /run/fdbmonitor.pid
# A server process that outlives the monitor would keep the port.
KillMode=mixed
TimeoutStopSec=60
Restart=always
RestartSec=2
LimitNOFILE=1048576
# The server rewrites the cluster file, which is the key to all data.
UMask=0027
OOMScoreAdjust=-500

[Install]
WantedBy=multi-user.target
UNIT
  ((CHANGED == 0)) || systemctl daemon-reload
}

# The zone that the running process has, whatever was written into its configuration since; empty where none runs.
running_zone() {
  local process
  process=$(fdb_process)
  [[ -n "$process" ]] || return 0
  tr '\0' '\n' <"/proc/$process/cmdline" | sed -n 's/^--locality[-_]zoneid=//p'
}

# Copies of the data are placed by zone: where many processes change theirs at once, all copies of something may be
# taken for one.
refuse_another_zone() {
  local here
  here=$(running_zone)
  [[ -n "$here" ]] || here=$(sed -n 's/^locality-zoneid = //p' "$FDB_ETC/foundationdb.conf" 2>/dev/null || true)
  [[ -z "$here" || "$here" == "$ZONE" ]] ||
    die "the database on this host stands in zone $here and the stack file wants $ZONE" \
      "a member is not moved to another zone: set nodes.$NODE.zone to $here"
}

mebibytes_of() { printf '%d' "${1%MiB}"; }

# The limit of one process, MiB. Half of the host is left to the mail server and the system; 8 GiB is the
# server's own default and more brings little to one process.
auto_memory() {
  local half=$(($(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo) / 2))
  ((half > 8192)) && half=8192
  ((half < 1024)) && half=1024
  printf '%d' "$half"
}

# The monitor acts on a changed file at once, and on all processes of the host; a half-written one would end them.
# So it is replaced by a rename, and kill-on-configuration-change is off: a change is taken up in the node's turn.
write_configuration() {
  local memory cache filesystem=''
  # On a volume that is not mounted the data would look lost: the process refuses to start then.
  if mountpoint -q /var/lib/foundationdb; then filesystem="data-filesystem = /var/lib/foundationdb"; fi
  if [[ "$FDB_MEMORY" == auto ]]; then memory=$(auto_memory); else memory=$(mebibytes_of "$FDB_MEMORY"); fi
  if [[ "$FDB_CACHE" == auto ]]; then cache=$((memory / 4)); else cache=$(mebibytes_of "$FDB_CACHE"); fi
  put "$FDB_ETC/foundationdb.conf" 0644 root:root <<CONF
# Written by stalwart-cluster.
[fdbmonitor]
user = foundationdb
group = foundationdb

[general]
cluster-file = $FDB_CLUSTER
restart-delay = 10
initial-restart-delay = 0
kill-on-configuration-change = false

[fdbserver]
command = $(fdb_command)
datadir = $FDB_DATA/\$ID
$filesystem
logdir = /var/log/foundationdb
logsize = 10MiB
maxlogssize = 100MiB
memory = ${memory}MiB
cache-memory = ${cache}MiB
# A host that vanishes without a word is given up after 3 to 4 s instead of 6 to 7 (docs/decisions, 55).
knob-connection-monitor-loop-time = 0.75
knob-connection-monitor-timeout = 1.5
knob-failure-detection-delay = 1
locality-machineid = $NODE
locality-zoneid = $ZONE

[fdbserver.$FDB_PORT]
public-address = $ADDRESS:$FDB_PORT
listen-address = public
CONF
}
