#!/usr/bin/env bash
# Bring FoundationDB on a host to the wanted release and configuration. The database itself is made later, once, by
# database.py. What runs already is stopped only in the turn of this node.
: "${NODE:?name of the node}"
: "${FDB_VERSION:?release}"
: "${FDB_SOURCE:?URL of the folder with the release files}"
: "${ZONE:?failure zone of the node}"
: "${ADDRESS:?private address of the host}"
: "${CLUSTER_FILE:?connection string to start with}"
: "${FDB_MEMORY:?memory limit, e.g. 4096MiB, or auto}"
: "${FDB_CACHE:?page cache, e.g. 1024MiB, or auto}"
source lib/common.sh
source lib/apt.sh
source lib/download.sh
source lib/turn.sh
source lib/foundationdb/places.sh
source lib/foundationdb/line.sh
source lib/foundationdb/follow.sh
source lib/foundationdb/config.sh
source lib/foundationdb/packages.sh

# A host keeps the file it has: the database rewrites it, and what a stack remembers may be older.
place_cluster_file() {
  local here wanted
  wanted=$CLUSTER_FILE
  if [[ ! -s "$FDB_CLUSTER" ]]; then
    put "$FDB_CLUSTER" 0640 root:root shared <<<"$wanted"
    return 0
  fi
  here=$(connection_string "$FDB_CLUSTER")
  [[ "$(description_of "$here")" == "$(description_of "$wanted")" ]] && return 0
  if [[ "$here" == *"@127.0.0.1:$FDB_PORT" ]] && is_packages_own_database; then
    log "removing the empty database that the package made for itself"
    systemctl stop foundationdb
    rm -rf "${FDB_DATA:?}/$FDB_PORT"
    put "$FDB_CLUSTER" 0640 root:root shared <<<"$wanted"
    return 0
  fi
  die "this host belongs to the database $(description_of "$here"), not to $(description_of "$wanted")" \
    "when its data are not needed: apt-get purge foundationdb-server, rm -r $FDB_ETC /var/lib/foundationdb"
}

# What the package's own first start leaves: single, in memory, and not one key of a user.
is_packages_own_database() {
  local status keys
  status=$(fdb_cli 15 'status json' 2>/dev/null) || return 1
  grep -q '"redundancy_mode" *: *"single"' <<<"$status" && grep -q '"storage_engine" *: *"memory' <<<"$status" || return 1
  keys=$(fdb_cli 10 'getrange "" \xff 1' 2>/dev/null) || return 1
  ! grep -q '^`' <<<"$keys"
}

# What runs here while the database exists: stopping it is the cluster's concern.
is_running_member() { [[ "$state" == member ]] && systemctl is-active --quiet foundationdb; }

restart_database() {
  systemctl restart foundationdb
  wait_for 60 "the database process to listen on $ADDRESS:$FDB_PORT" listens "$ADDRESS" "$FDB_PORT"
}

install_release() {
  install_fdb_packages
  if is_beside; then end_line_change; fi
}

# The package is of the line that the cluster went over to: what lay beside it goes, and with it all that led there. The
# folders last, because they say that there is something to end.
end_line_change() {
  local place
  # Before the configuration, which it writes too.
  end_following
  write_configuration
  if [[ -n "$(fdb_process)" && "$(fdb_program)" != "$FDB_OWN_PROGRAM" ]]; then restart_database; fi
  gone "$FDB_WRAPPER"
  # Who changed his mind before the window never had another one.
  if serves_mail && ! has_loaded stalwart /usr/lib/libfdb_c.so; then
    restart_clients "with the client library of FoundationDB $FDB_VERSION as its own"
  fi
  for place in "$FDB_BESIDE"-*; do rm -rf "$place"; done
}

# A host that is new under an address where coordinators were kept: with its empty disk it would speak for what it never
# knew. So the others take over first, and it is made one again when it is in.
is_forgetful_coordinator() {
  local here
  [[ "$state" == fresh ]] && ! systemctl is-active --quiet foundationdb || return 1
  here=$(connection_string "$FDB_CLUSTER")
  [[ "${here#*@}" == *,* && ",${here#*@}," == *",$ADDRESS:$FDB_PORT,"* ]]
}

mkdir -p "$FDB_ETC" "$FDB_DATA" /var/log/foundationdb
place_cluster_file
# "fresh" as long as no database was ever created with this host's files.
state=fresh
if [[ -e "$FDB_CREATED" ]] || holds_database; then state=member; fi
[[ "$state" == fresh ]] || refuse_another_zone
refuse_another_line
write_unit
write_configuration
if ! has_fdb_packages; then
  fetch_fdb_packages
  if is_running_member; then
    in_turn "bring FoundationDB from $(installed_version foundationdb-server) to $FDB_VERSION" "$FDB_VERSION" install_release
  else
    install_release
  fi
elif is_beside; then
  if is_running_member; then
    in_turn "end the change of FoundationDB to another line" "$FDB_VERSION" end_line_change
  else
    end_line_change
  fi
fi
# The client library rewrites the file as its owner, by rename: both file and folder must be the server's.
chown foundationdb:foundationdb "$FDB_ETC" "$FDB_CLUSTER"
chmod 0775 "$FDB_ETC"
chmod 0640 "$FDB_CLUSTER"
if is_forgetful_coordinator; then in_python lib/foundationdb/make_room.py "$ADDRESS:$FDB_PORT"; fi
[[ -e "$FDB_ETC/.ready" ]] || touch "$FDB_ETC/.ready"
[[ "$(systemctl is-enabled foundationdb 2>/dev/null)" == enabled ]] || systemctl enable --quiet foundationdb
if runs_longer_than foundationdb "$FDB_ETC/foundationdb.conf"; then
  if is_running_member; then
    in_turn "restart FoundationDB with its new configuration" "$FDB_VERSION" restart_database
  else
    restart_database
  fi
fi
systemctl is-active --quiet foundationdb || systemctl start foundationdb
wait_for 60 "the database process to listen on $ADDRESS:$FDB_PORT" listens "$ADDRESS" "$FDB_PORT"
printf '{"state": "%s", "version": "%s"}\n' "$state" "$(installed_version foundationdb-server)"
