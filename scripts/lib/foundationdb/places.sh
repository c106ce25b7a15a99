# shellcheck shell=bash
# shellcheck disable=SC2034  # the names here are read by the scripts that source this file
# What the database scripts share: places, the cluster file, fdbcli.

FDB_ETC=/etc/foundationdb
FDB_CLUSTER=$FDB_ETC/fdb.cluster
FDB_DATA=/var/lib/foundationdb/data
FDB_PORT=4500
FDB_CREATED=/var/lib/stalwart-cluster/foundationdb.created

# The connection string a cluster file holds: its one line that is no comment.
connection_string() { grep -v '^[[:space:]]*\(#\|$\)' "$1" 2>/dev/null | first_line | tr -d '[:space:]'; }
description_of() { printf '%s' "${1%%:*}"; }

# Files that only a process of a created database writes.
holds_database() { [[ -n "$(find "$FDB_DATA" -mindepth 2 \( -name 'storage-*' -o -name 'log2-*' \) -print -quit 2>/dev/null)" ]]; }

# `--no-status`, because fdbcli looks at the status first otherwise and that takes half a minute on a database
# that does not exist yet. `timeout` as well, because fdbcli's own counts only once it is connected.
fdb_cli() {
  local seconds=$1
  shift
  timeout "$((seconds + 5))" fdbcli -C "$FDB_CLUSTER" --no-status --timeout "$seconds" --exec "$1"
}

# The number of the database process that the monitor runs; empty where none runs.
fdb_process() {
  local monitor
  monitor=$(systemctl show -P MainPID foundationdb 2>/dev/null || true)
  [[ "$monitor" =~ ^[1-9][0-9]*$ ]] || return 0
  pgrep -P "$monitor" -x fdbserver | first_line || true
}

listens() { ss -H -ltn "sport = :$2" | grep -F "$1:$2" >/dev/null; }
reaches() { timeout 3 bash -c "exec 3<>/dev/tcp/$1/$2" 2>/dev/null; }
