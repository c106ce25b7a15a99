#!/usr/bin/env bash
# Lay FoundationDB of another line beside the one that runs here, and give the mail server its client library beside its
# own, in the turn of this node. Nothing of the database changes. Where nothing has to go over to another line, nothing is
# done.
: "${NODE:?name of the node}"
: "${FDB_VERSION:?release}"
: "${FDB_SOURCE:?URL of the folder with the release files}"
source lib/common.sh
source lib/apt.sh
source lib/download.sh
source lib/turn.sh
source lib/foundationdb/places.sh
source lib/foundationdb/line.sh
source lib/foundationdb/packages.sh

place=$FDB_BESIDE-$FDB_VERSION
library=$place/client/libfdb_c_$FDB_VERSION.so

tell() { printf '{"state": "%s"}\n' "$1"; }

# Whole or not at all: a folder of that name is complete.
lay_beside() {
  local work file
  [[ ! -d "$place" ]] || return 0
  download_fdb_packages
  log "laying FoundationDB $FDB_VERSION beside $here"
  mkdir -p "${place%/*}"
  rm -rf "${place%/*}"/.foundationdb.*
  work=$(mktemp -d "${place%/*}/.foundationdb.XXXXXX")
  for file in "${FDB_FILES[@]}"; do
    dpkg-deb -x "$file" "$work" >&2 || die "$(basename "$file") cannot be unpacked" "see the lines above; is there room on the disk?"
  done
  # Alone in its folder and under a name of its own: the client takes all libraries of the folder.
  install -d -m 0755 "$work/client"
  ln "$work/usr/lib/libfdb_c.so" "$work/client/${library##*/}"
  for file in usr/sbin/fdbserver usr/bin/fdbcli; do
    "$work/$file" --version >/dev/null || die "/$file of FoundationDB $FDB_VERSION does not run on this host" "see the lines above"
  done
  chmod 0755 "$work"
  mv -T "$work" "$place"
}

# For everybody on this host, person or program: of two lines only one can talk to the database. The process that runs
# here says which, and where none runs the one that would.
put_wrapper() {
  put "$FDB_WRAPPER" 0755 root:root <<WRAPPER
#!/bin/bash
# Written by stalwart-cluster, for as long as two lines of FoundationDB lie on this host.
server=\$(pgrep -x fdbserver | while read -r process; do tr '\\0' '\\n' <"/proc/\$process/cmdline"; done 2>/dev/null |
  awk '/\\/usr\\/sbin\\/fdbserver\$/ && !found { print; found = 1 }')
[[ -n "\$server" ]] || server=\$(sed -n 's/^command = //p' $FDB_ETC/foundationdb.conf)
# In a unit that has it, it is meant for the service: this one needs no other library.
unset FDB_NETWORK_OPTION_EXTERNAL_CLIENT_DIRECTORY
exec "\${server%/usr/sbin/fdbserver}/usr/bin/fdbcli" "\$@"
WRAPPER
}

# Its own library stays the one that it is linked with.
put_client_library() {
  local unit
  CHANGED=0
  for unit in "${FDB_CLIENTS[@]}"; do
    [[ -e /etc/systemd/system/$unit.service ]] || continue
    mkdir -p "/etc/systemd/system/$unit.service.d"
    put "/etc/systemd/system/$unit.service.d/foundationdb-line.conf" 0644 root:root <<UNIT
# Written by stalwart-cluster.
[Service]
Environment=FDB_NETWORK_OPTION_EXTERNAL_CLIENT_DIRECTORY=$place/client
UNIT
  done
  ((CHANGED == 0)) || systemctl daemon-reload
}

load_client_library() {
  restart_clients "with the client library of FoundationDB $FDB_VERSION too"
  wait_for 30 "the mail server to load $library" has_loaded stalwart "$library"
}

here=$(fdb_release)
if [[ -z "$here" ]] || ! holds_database; then
  tell fresh
  exit 0
fi
if [[ "$(line_of "$here")" == "$(line_of "$FDB_VERSION")" ]]; then
  tell over
  exit 0
fi
refuse_older "$here"
refuse_missing_avx
lay_beside
put_wrapper
put_client_library
if serves_mail && ! has_loaded stalwart "$library"; then
  in_turn "give the mail server the client library of FoundationDB $FDB_VERSION" "" load_client_library
fi
tell staged
