# shellcheck shell=bash
# A node's turn to go down, for scripts in bash: nobody else's at the same time, and only while the cluster can do
# without it. lib/turn/turn.py says how.

TURN_LOCK=/run/stalwart-cluster/turn
TURN_HELD=''

# in_turn WHY RELEASE COMMAND...: run a command that takes services of this node down and up again. RELEASE is that of
# the database that must run afterwards; empty: whichever does.
in_turn() {
  local why=$1 release=$2
  shift 2
  [[ -d "${TURN_LOCK%/*}" ]] || install -d -m 0700 "${TURN_LOCK%/*}"
  exec 8<>"$TURN_LOCK"
  flock -n 8 || log "waiting for another run on this host, begun to $(cat "$TURN_LOCK") (at most 1500 s)"
  flock -w 1500 8 || die "another run on this host has not ended after 1500 s: $(cat "$TURN_LOCK")" "end it, then run the same command again"
  printf '%s, process %d, %s\n' "$why" "$$" "$(date -u +%FT%TZ)" >"$TURN_LOCK"
  # shellcheck disable=SC2154  # the payload makes the folder
  trap '[[ -z "$TURN_HELD" ]] || in_python lib/turn/command.py abandon; rm -rf "$there"' EXIT
  in_python lib/turn/command.py begin "$why"
  TURN_HELD=1
  "$@" 8>&-
  in_python lib/turn/command.py end ${release:+"$release"}
  TURN_HELD=''
  exec 8>&-
}
