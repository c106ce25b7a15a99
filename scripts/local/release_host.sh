#!/usr/bin/env bash
# Tell a given host that it leaves its stack, when called with `down`. One that cannot be told holds nothing up: what is
# left on it is said instead.
: "${NODE:?name of the node}"
: "${SSH_HOST:?name or address of the host}"
: "${SSH_PORT:?port of its SSH server}"
: "${SSH_USER:?login}"
: "${SSH_PRIVATE_KEY?private key; empty: the agent}"
: "${SSH_HOST_KEY:?key the host must show}"
: "${SSH_BASTION?user@host:port to go through; may be empty}"
: "${SSH_BASTION_HOST_KEY?key the bastion must show; may be empty}"
source lib/common.sh
source lib/ssh.sh
source lib/host/release.sh

REACH_SECONDS=20
# Stopping a database takes up to a minute. What hangs for longer is as good as dead.
RELEASE_SECONDS=180

[[ "${1:-}" == down ]] || exit 0

left() {
  log "WARNING: $SSH_HOST could not be told that it leaves the stack: $1"
  log "what is left on it: its services, which start when it does and join the database again, its data, and" \
    "/etc/stalwart-cluster/owner.json, which keeps other stacks off. When it is back, run there:" \
    "systemctl disable --now stalwart-probe stalwart stalwart-repeat nats-server foundationdb; rm /etc/stalwart-cluster/owner.json"
  exit 0
}

prepare_ssh
SSH_SECONDS=$REACH_SECONDS
said=$(ssh_to_host true 2>&1 </dev/null) || left "${said:-no answer within $REACH_SECONDS s}"
SSH_SECONDS=$RELEASE_SECONDS
{
  printf '{\nset -euo pipefail\nexport LC_ALL=C NODE=%q\n' "$NODE"
  declare -f log note_written put release_host
  printf 'release_host\n} </dev/null\n'
} | ssh_to_host "$(root_shell) -s" >&2 ||
  left "it answered, and the release did not end well; see the lines above"
