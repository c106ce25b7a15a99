# shellcheck shell=bash
# OpenSSH from this machine to a host: pinned keys, nothing secret in an argument, no questions.

# Key and known hosts in a private folder that goes with the script.
prepare_ssh() {
  SSH_PLACE=$(mktemp -d)
  trap 'rm -rf "$SSH_PLACE"' EXIT
  (umask 077 && printf '%s\n' "$SSH_PRIVATE_KEY" >"$SSH_PLACE/key")
  printf '* %s\n' "$SSH_HOST_KEY" >"$SSH_PLACE/known_hosts"
  printf '* %s\n' "$SSH_BASTION_HOST_KEY" >"$SSH_PLACE/bastion_known_hosts"
  SSH_COMMON=(-o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=15 -o LogLevel=ERROR
    -o ServerAliveInterval=15 -o ServerAliveCountMax=4)
  if [[ -n "$SSH_PRIVATE_KEY" ]]; then SSH_COMMON+=(-o IdentitiesOnly=yes -i "$SSH_PLACE/key"); fi
}

# The shell of root on the host, for what it is given with -s or -c.
root_shell() { if [[ "$SSH_USER" == root ]]; then printf 'bash'; else printf 'sudo -n bash'; fi; }

# ssh_to_host COMMAND: standard input and output are the command's. SSH_SECONDS bounds it, where that is set.
ssh_to_host() {
  local through=() bounded=() target
  [[ -z "${SSH_SECONDS:-}" ]] || bounded=(timeout "$SSH_SECONDS")
  if [[ -n "$SSH_BASTION" ]]; then
    target=${SSH_BASTION%:*}
    through=(-o "ProxyCommand=ssh ${SSH_COMMON[*]} -o UserKnownHostsFile=$SSH_PLACE/bastion_known_hosts -p ${SSH_BASTION##*:} -W %h:%p $target")
  fi
  "${bounded[@]}" ssh "${SSH_COMMON[@]}" "${through[@]}" -o UserKnownHostsFile="$SSH_PLACE/known_hosts" \
    -p "$SSH_PORT" "$SSH_USER@$SSH_HOST" "$1"
}
