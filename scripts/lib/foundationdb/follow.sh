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

# Two processes of two lines do not hear each other, and their connection stands all the same: none takes the other for lost,
# and nobody goes on. So one that ended by itself before the window, and came up in the new line, stops the whole database. It
# is led back here, and one that was left behind is led on: to where the majority of coordinators is, for ten seconds. fdbcli of
# the new line says so at once; that of the former takes half a minute when one process is in the new.
#
# The mail server is killed, not stopped: it would wait for a database that it cannot reach. What it accepted is stored.
write_follow() {
  sed "s|@NEW@|$1|g; s|@CONF@|$FDB_ETC/foundationdb.conf|g; s|@CLIENTS@|${FDB_CLIENTS[*]}|g" <<'FOLLOW' |
#!/bin/bash
# Written by stalwart-cluster. Keeps the database process of this host in the line of the others, until the database has gone
# over to the line that lies in @NEW@; then starts again who keeps it open here, with the client library of that line.
set -euo pipefail
new=@NEW@
own=
patience=10
runs() {
  { pgrep -x fdbserver || true; } | while read -r process; do tr '\0' '\n' <"/proc/$process/cmdline"; done 2>/dev/null |
    grep -xF "$1/usr/sbin/fdbserver" >/dev/null
}
answers() { "$1/usr/bin/fdbcli" --timeout 4 --exec 'status minimal' 2>/dev/null | grep -F 'The database is available' >/dev/null; }
is_coordinated() {
  "$new/usr/bin/fdbcli" --timeout 10 --exec 'status json' 2>/dev/null | grep -E '"quorum_reachable" *: *true' >/dev/null
}
has_gone_over() { [[ -e "$new/gone-over" ]]; }
lead() { sed -i "s|^command = .*|command = $1/usr/sbin/fdbserver|" @CONF@; }

# stays CONDITION...: whether it holds at each look for some time. When all go over at once it does for a second or two.
stays() {
  local end=$((SECONDS + patience))
  while "$@"; do
    ((SECONDS < end)) || return 0
    sleep 1
  done
  return 1
}
# A cluster that has gone over has no way back, however many of its hosts are down.
is_early() { runs "$new" && ! has_gone_over && ! is_coordinated; }
is_left_behind() { runs "$own" && is_coordinated; }

next=0
until runs "$new" && answers "$new"; do
  if runs "$new" && stays is_early; then
    echo "the other nodes run the former line: the process that ended by itself is led back"
    lead "$own"
    systemctl restart foundationdb
    for ((look = 0; look < 20; look++)); do
      if answers "$own" || is_coordinated; then break; fi
      sleep 1
    done
    lead "$new"
  elif ((SECONDS >= next)) && stays is_left_behind; then
    echo "the other nodes run the new line: the process is led there"
    lead "$new"
    systemctl restart foundationdb
  fi
  ((SECONDS < next)) || next=$((SECONDS + patience))
  sleep 0.3
done

: >"$new/gone-over"
units=()
for unit in @CLIENTS@; do
  [[ -e /etc/systemd/system/$unit.service ]] || continue
  units+=("$unit")
  mkdir -p "/etc/systemd/system/$unit.service.d"
  printf '# Written by stalwart-cluster.\n[Service]\nEnvironment=LD_LIBRARY_PATH=%s\n' "$new/client" \
    >"/etc/systemd/system/$unit.service.d/foundationdb-line.conf"
done
systemctl daemon-reload
for unit in "${units[@]}"; do
  grep -F " $new/client/libfdb_c.so" "/proc/$(systemctl show -P MainPID "$unit")/maps" >/dev/null 2>&1 && continue
  systemctl is-active --quiet "$unit" || continue
  echo "the database has gone over: $unit starts again with the client library of $new"
  systemctl kill --signal=KILL "$unit"
done
FOLLOW
    put "$FDB_FOLLOW" 0755 root:root
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
