# shellcheck shell=bash
# One run of a step at a time on a host. In front of every step, because a run that was killed leaves the step it was at
# running unseen on the host, and because two runs from two machines know nothing of each other. The lock goes with the
# process that holds it.

# alone STEP: wait for another run of the same step here, and say whose it is.
alone() {
  local lock=/run/lock/stalwart-cluster.$1
  exec 6<>"$lock"
  if ! flock -n 6; then
    echo "${NODE:-here}: waiting for another run of $1 on this host, $(cat "$lock") (at most 480 s)" >&2
    flock -w 480 6 || {
      echo "${NODE:-here}: error: another run of $1 on this host, $(cat "$lock"), has not ended after 480 s" >&2
      echo "${NODE:-here}: what to do: see what it does there (fuser -v $lock), end it, then run the same command again" >&2
      exit 1
    }
  fi
  printf 'begun %s from %s' "$(date -u +%FT%TZ)" "${SSH_CONNECTION%% *}" >"$lock"
}
