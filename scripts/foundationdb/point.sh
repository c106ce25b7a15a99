#!/usr/bin/env bash
# Lead the monitor to the programs that lie beside, when they do so on every node. The process that runs stays. From now on
# this host keeps it in the line of the others, and its mail server follows the database when it has gone over.
: "${NODE:?name of the node}"
: "${FDB_VERSION:?release}"
source lib/common.sh
source lib/foundationdb/places.sh
source lib/foundationdb/line.sh
source lib/foundationdb/follow.sh

program=$FDB_BESIDE-$FDB_VERSION/usr/sbin/fdbserver

if [[ -x "$program" && "$(line_of "$(release_of "$FDB_OWN_PROGRAM")")" != "$(line_of "$FDB_VERSION")" ]]; then
  sed "s|^command = .*|command = $program|" "$FDB_ETC/foundationdb.conf" |
    put "$FDB_ETC/foundationdb.conf" 0644 root:root
  follow_line "${program%/usr/sbin/fdbserver}"
  # Of a release that was wanted before this one. What runs or would run is never taken away.
  for other in "$FDB_BESIDE"-*; do
    [[ "$program" == "$other"/* || "$(fdb_program)" == "$other"/* ]] || rm -rf "$other"
  done
fi
printf '{"command": "%s"}\n' "$(configured_program)"
