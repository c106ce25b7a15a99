# shellcheck shell=bash
# When the database goes over to another line, the mail server of each node has to start again with the client library of
# that line: one that was started with the former cannot talk to it any more. The host sees to it by itself, so that mail
# goes on whatever becomes of the run that gave the order.
#
# FoundationDB's client that has several lines at once (EXTERNAL_CLIENT_DIRECTORY) is no way: it ends the first transaction of
# a process by cluster_version_changed (1039) when it has found which one to take, and Stalwart 0.16 does not start then.

FDB_FOLLOW=/usr/local/lib/stalwart-cluster/follow-line
FDB_FOLLOW_UNIT=stalwart-line
# Who keeps the database open.
FDB_CLIENTS=(stalwart stalwart-probe)

client_drop_in() { printf '/etc/systemd/system/%s.service.d/foundationdb-line.conf' "$1"; }

# has_loaded UNIT FILE: whether the process of a unit has a library in its memory that still lies there.
has_loaded() {
  awk -v file="$2" '$6 == file && NF == 6 { found = 1 } END { exit !found }' \
    "/proc/$(systemctl show -P MainPID "$1")/maps" 2>/dev/null
}

# follow_line PLACE: from now on, whoever restarts whatever here.
follow_line() {
  CHANGED=0
  write_follow "$1"
  write_follow_unit
  ((CHANGED == 0)) || systemctl daemon-reload
  [[ "$(systemctl is-enabled "$FDB_FOLLOW_UNIT" 2>/dev/null)" == enabled ]] || systemctl enable --quiet "$FDB_FOLLOW_UNIT"
  if ((CHANGED)); then systemctl restart "$FDB_FOLLOW_UNIT"; fi
}

# The process alone is not asked: one that ended by itself before the others is of the new line, and their database is not.
# The mail server is killed, not stopped: it would wait for a database that it cannot reach. What it accepted is stored.
write_follow() {
  local place=$1
  put "$FDB_FOLLOW" 0755 root:root <<FOLLOW
#!/bin/bash
# Written by stalwart-cluster. When the database has gone over to the line that lies in $place, starts again who keeps it
# open here, with the client library of that line.
set -euo pipefail
runs_new() { pgrep -x fdbserver | while read -r process; do tr '\\0' '\\n' <"/proc/\$process/cmdline"; done 2>/dev/null | grep -xF $place/usr/sbin/fdbserver >/dev/null; }
answers() { $place/usr/bin/fdbcli --timeout 4 --exec 'status minimal' 2>/dev/null | grep -F 'The database is available' >/dev/null; }
has_loaded() { grep -F " $place/client/libfdb_c.so" "/proc/\$(systemctl show -P MainPID "\$1")/maps" >/dev/null 2>&1; }
until runs_new && answers; do sleep 0.3; done
units=()
for unit in ${FDB_CLIENTS[*]}; do
  [[ -e /etc/systemd/system/\$unit.service ]] || continue
  units+=("\$unit")
  mkdir -p "/etc/systemd/system/\$unit.service.d"
  printf '# Written by stalwart-cluster.\\n[Service]\\nEnvironment=LD_LIBRARY_PATH=%s\\n' $place/client \\
    >"/etc/systemd/system/\$unit.service.d/foundationdb-line.conf"
done
systemctl daemon-reload
for unit in "\${units[@]}"; do
  if systemctl is-active --quiet "\$unit" && ! has_loaded "\$unit"; then
    echo "the database has gone over: \$unit starts again with the client library of $place"
    systemctl kill --signal=KILL "\$unit"
  fi
done
FOLLOW
}

write_follow_unit() {
  put "/etc/systemd/system/$FDB_FOLLOW_UNIT.service" 0644 root:root <<UNIT
[Unit]
Description=Starts the mail server again when the database has gone over to another line
After=foundationdb.service

[Service]
ExecStart=$FDB_FOLLOW
Restart=on-failure
RestartSec=1

[Install]
WantedBy=multi-user.target
UNIT
}

# The package's library is that of the database: nobody needs another any more.
end_following() {
  local unit
  if [[ -e "/etc/systemd/system/$FDB_FOLLOW_UNIT.service" ]]; then
    systemctl disable --quiet --now "$FDB_FOLLOW_UNIT" 2>/dev/null || true
    gone "/etc/systemd/system/$FDB_FOLLOW_UNIT.service"
  fi
  gone "$FDB_FOLLOW"
  for unit in "${FDB_CLIENTS[@]}"; do gone "$(client_drop_in "$unit")"; done
  systemctl daemon-reload
}
