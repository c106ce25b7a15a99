# shellcheck shell=bash
# Sourced first by every script: strict mode, progress on stderr, bounded waits, files written whole.
set -euo pipefail
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

# The name a line of progress starts with: the node where there is one.
log() { printf '%s: %s\n' "${NODE:-${HOSTNAME:-here}}" "$*" >&2; }

# die PROBLEM [REMEDY]: end with one sentence a person can act on.
die() {
  log "error: $1"
  if [[ -n "${2:-}" ]]; then log "what to do: $2"; fi
  exit 1
}

# wait_for SECONDS CONDITION COMMAND...: poll until COMMAND succeeds. CONDITION names what is waited for,
# in the progress line and in the error. Silent when the condition holds at once.
wait_for() {
  local seconds=$1 condition=$2 end
  shift 2
  "$@" && return 0
  log "waiting for $condition (at most $seconds s)"
  end=$((SECONDS + seconds))
  while ((SECONDS < end)); do
    sleep 0.2
    "$@" && return 0
  done
  die "gave up waiting for $condition after $seconds s" "run the same command again once the cause is gone: it continues here"
}

# The first line of what comes in, read to its end: under pipefail a reader that leaves early (head, grep -q) fails the
# whole pipeline whenever the writer is not done yet.
first_line() { awk 'NR == 1'; }

# retry ATTEMPTS PAUSE COMMAND...: only around what can fail for a passing reason.
retry() {
  local attempts=$1 pause=$2 try
  shift 2
  for ((try = 1; try < attempts; try++)); do
    "$@" && return 0
    log "attempt $try of $attempts failed: $1"
    sleep "$pause"
  done
  "$@"
}

# note_written PATH: on the host of a node, keep what a file of ours is like, so that a change by hand shows. As
# lib/written.py has it: the digest of our lines where others have theirs in the file too, rights and owner.
note_written() {
  local note=/var/lib/stalwart-cluster/written$1 text
  [[ -e /etc/stalwart-cluster/owner.json ]] || return 0
  text=$(awk '/^# stalwart-cluster begin$/ { ours = "" } { ours = ours $0 "\n" }
    /^# stalwart-cluster end$/ { exit } END { printf "%s", ours }' "$1" | sha256sum | cut -d' ' -f1)
  text+=" $(stat -c '%a %U:%G' "$1")"
  [[ "$(cat "$note" 2>/dev/null)" != "$text" ]] || return 0
  (umask 077 && mkdir -p "${note%/*}" && printf '%s\n' "$text" >"$note")
}

# put PATH MODE OWNER:GROUP [shared]: write stdin to PATH whole or not at all. Leaves an identical file alone, but for its
# rights. Sets CHANGED=1 when the file was written, so that a caller restarts only what has to. `shared`: others rewrite it too.
put() {
  local path=$1 mode=$2 owner=$3 temporary
  temporary=$(mktemp "$(dirname "$path")/.$(basename "$path").XXXXXX")
  cat >"$temporary"
  chmod "$mode" "$temporary"
  chown "$owner" "$temporary"
  if [[ -f "$path" && ! -L "$path" ]] && cmp -s "$temporary" "$path"; then
    # Rights alone are set in place: a service need not start again for them.
    if [[ "$(stat -c '%a %U:%G' "$temporary")" != "$(stat -c '%a %U:%G' "$path")" ]]; then
      chmod "$mode" "$path"
      chown "$owner" "$path"
    fi
    rm -f "$temporary"
  else
    mv -f "$temporary" "$path"
    # shellcheck disable=SC2034  # read by the scripts that source this file
    CHANGED=1
  fi
  [[ "${4:-}" == shared ]] || note_written "$path"
}

# gone PATH: take a file of ours away, and what is noted of it.
gone() { rm -f "$1" "/var/lib/stalwart-cluster/written$1"; }

# runs_longer_than UNIT FILE...: whether a unit runs since before one of its files was written. Such files are taken up at
# a start only.
runs_longer_than() {
  local pid since file
  pid=$(systemctl show -P MainPID "$1")
  [[ "$pid" =~ ^[1-9][0-9]*$ ]] || return 1
  since=$(($(date +%s) - $(ps -o etimes= -p "$pid" || echo 0)))
  for file in "${@:2}"; do
    (($(stat -c %Y "$file") <= since + 1)) || return 0
  done
  return 1
}
