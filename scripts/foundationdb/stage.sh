#!/usr/bin/env bash
# Lay FoundationDB of another line beside the one that runs here. Nothing that runs changes. Where nothing has to go over to
# another line, nothing is done.
: "${NODE:?name of the node}"
: "${FDB_VERSION:?release}"
: "${FDB_SOURCE:?URL of the folder with the release files}"
source lib/common.sh
source lib/apt.sh
source lib/download.sh
source lib/foundationdb/places.sh
source lib/foundationdb/line.sh
source lib/foundationdb/packages.sh

place=$FDB_BESIDE-$FDB_VERSION

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
  # Alone in its folder: who is led there finds nothing else in the place of the system's.
  install -d -m 0755 "$work/client"
  ln "$work/usr/lib/libfdb_c.so" "$work/client/libfdb_c.so"
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
exec "\${server%/usr/sbin/fdbserver}/usr/bin/fdbcli" "\$@"
WRAPPER
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
tell staged
