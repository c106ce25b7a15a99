#!/usr/bin/env bash
# Print the connection string of the database that lives on the hosts; nothing when every host is new. Asked of all hosts
# at once: no node is special, and what a stack remembers may be older than what the database says now.
: "${TARGETS:?a line for each host: node, user, name or address, port, key the host must show}"
: "${MACHINES:?changes when a host is another machine than before: then this is asked again}"
: "${PATIENCE_SECONDS:?how long a host may be silent, where none that answers knows the database: it may be booting}"
: "${SSH_PRIVATE_KEY?private key; empty: the agent}"
: "${SSH_BASTION?user@host:port to go through; may be empty}"
: "${SSH_BASTION_HOST_KEY?key the bastion must show; may be empty}"
source lib/common.sh
source lib/ssh.sh
source lib/foundationdb/tell.sh

answers=$(mktemp -d)
command -v ssh >/dev/null || die "ssh is missing on this machine" "apt-get install -y openssh-client"

# ask LINE: one host, its answer in a file of its own.
ask() (
  read -r node SSH_USER SSH_HOST SSH_PORT SSH_HOST_KEY <<<"$1"
  prepare_ssh
  command="$(declare -f tell_database); tell_database"
  if ssh_to_host "$(root_shell) -c $(printf '%q' "$command")" >"$answers/.$node" 2>"$answers/.$node.trouble" </dev/null; then mv "$answers/.$node" "$answers/$node"; fi
)

ask_the_silent() {
  local line running=()
  while IFS= read -r line; do
    [[ -s "$answers/${line%% *}" ]] || {
      ask "$line" &
      running+=($!)
    }
  done <<<"$TARGETS"
  wait "${running[@]}" || true
}

# told KIND: the strings of the hosts that said so, the most frequent first.
told() { find "$answers" -type f -not -name '.*' -exec sed -n "s/^$1 //p" {} + | sort | uniq -c | sort -rn | awk '{ print $2 }'; }
silent() { while read -r node _; do [[ -s "$answers/$node" ]] || printf '%s\n' "$node"; done <<<"$TARGETS" | paste -sd ' '; }

known() {
  ask_the_silent
  [[ -n "$(told live)" || -z "$(silent)" ]]
}

end=$((SECONDS + PATIENCE_SECONDS))
until known || ((SECONDS >= end)); do sleep 0.5; done
string=$(told live | first_line)
[[ -n "$string" ]] || string=$(told file | first_line)
nobody=$(silent)
if [[ -z "$string" && -n "$nobody" ]]; then
  cat "$answers"/.*.trouble >&2 2>/dev/null || true
  rm -rf "$answers"
  die "no host that answers holds the database, and $nobody cannot be reached: a new database is not made while one of them may hold it" \
    "start them, or take those that are gone for good out of the stack file"
fi
if [[ -n "$nobody" ]]; then log "note: $nobody cannot be reached; the others know the database"; fi
rm -rf "$answers"
printf '%s' "$string"
