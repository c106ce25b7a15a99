# shellcheck shell=bash
# shellcheck disable=SC2034  # some names here are read by the scripts that source this file
# FoundationDB of another line. Processes and clients of two lines cannot talk to each other, so all processes change at
# once. Until then the new programs lie beside those of the packages; the mail servers follow the database (follow.sh).

FDB_BESIDE=/usr/local/lib/stalwart-cluster/foundationdb
FDB_OWN_PROGRAM=/usr/sbin/fdbserver
FDB_WRAPPER=/usr/local/bin/fdbcli

installed_version() { dpkg-query -W -f '${Version}' "$1" 2>/dev/null; }
line_of() { printf '%s' "${1%.*}"; }

# Whether programs of another release lie beside: a change of line was begun and is not ended.
is_beside() { compgen -G "$FDB_BESIDE-*" >/dev/null; }

# What the monitor starts, by its configuration.
configured_program() { sed -n 's/^command = //p' "$FDB_ETC/foundationdb.conf" 2>/dev/null || true; }

# The program of the process that runs here; where none runs, of the one that would.
fdb_program() {
  local process
  process=$(fdb_process)
  if [[ -n "$process" ]]; then
    tr '\0' '\n' <"/proc/$process/cmdline" | awk '/\/fdbserver$/ && !found { print; found = 1 }'
  else
    configured_program
  fi
}

# The release of a program; empty where it is the package's, and that is not installed.
release_of() {
  local release
  case $1 in
  "$FDB_BESIDE"-*) release=${1#"$FDB_BESIDE-"} && printf '%s' "${release%%/*}" ;;
  *) release=$(installed_version foundationdb-server || true) && printf '%s' "${release%%-*}" ;;
  esac
}

# The release that this host's process has, which for a while is not that of the package. Where none runs, that of the
# package or of what was to be started, if one of them is of the wanted line.
fdb_release() {
  local release package
  release=$(release_of "$(fdb_program)")
  package=$(release_of "$FDB_OWN_PROGRAM")
  if [[ -z "$(fdb_process)" && "$(line_of "$package")" == "$(line_of "$FDB_VERSION")" ]]; then release=$package; fi
  printf '%s' "$release"
}

# What the monitor is to start: what lies beside, from the moment that it was led there until the package is of that line.
# Who wants the line of the package again leads it back.
fdb_command() {
  local here line
  here=$(configured_program)
  line=$(line_of "$(release_of "$here")")
  if [[ "$here" == "$FDB_BESIDE"-* && -x "$here" && "$line" == "$(line_of "$FDB_VERSION")" ]] &&
    [[ "$line" != "$(line_of "$(release_of "$FDB_OWN_PROGRAM")")" ]]; then
    printf '%s' "$here"
  else
    printf '%s' "$FDB_OWN_PROGRAM"
  fi
}

# The mail server, down and up again by who has the turn of this node, and who else keeps the database open.
restart_clients() {
  systemctl daemon-reload
  in_python lib/stalwart/again.py "$1"
  if systemctl is-active --quiet stalwart-probe; then systemctl restart stalwart-probe; fi
}

# One that was in service and is not: a run ended between stopping and starting it.
serves_mail() { systemctl is-active --quiet stalwart || [[ -e /var/lib/stalwart-cluster/stalwart.started-for ]]; }
