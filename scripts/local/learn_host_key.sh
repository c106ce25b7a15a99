#!/usr/bin/env bash
# Ask a host for its SSH key, show its fingerprint, and print it. Done once per host: from then on the key is demanded.
: "${NODE:?name of the node}"
: "${SSH_HOST:?name or address of the host}"
: "${SSH_PORT:?port of its SSH server}"
source lib/common.sh

key=''
# Ed25519 where the host has it, as every Debian does; the client then settles on the kind that is pinned.
ask() {
  key=$(ssh-keyscan -T 5 -t ed25519 -p "$SSH_PORT" "$SSH_HOST" 2>/dev/null | grep -v '^#' | first_line | cut -d' ' -f2,3)
  [[ -n "$key" ]]
}
command -v ssh-keyscan >/dev/null || die "ssh-keyscan is missing on this machine" "apt-get install -y openssh-client"
wait_for 120 "$SSH_HOST:$SSH_PORT to show an Ed25519 host key" ask
log "host key learnt, compare it with the host's own: $(ssh-keygen -lf - <<<"$key" | cut -d' ' -f2)"
printf '%s' "$key"
