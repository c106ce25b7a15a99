#!/usr/bin/env bash
# Let a node's database process leave before its machine is replaced: asked of the first other host that answers, so that
# it does not matter whether the node itself still lives.
: "${NODE:?name of the node that leaves}"
: "${TARGETS?a line for each other host: node, user, name or address, port, key the host must show; may be empty}"
: "${HAD_ONE?whether the node had a machine in this stack; empty: its machine is the first, whatever its number}"
: "${KEPT?why its machine may not go; empty: it may}"
: "${LEAVE:?what runs on the host that is asked}"
: "${SSH_PRIVATE_KEY?private key; empty: the agent}"
: "${SSH_BASTION?user@host:port to go through; may be empty}"
: "${SSH_BASTION_HOST_KEY?key the bastion must show; may be empty}"
source lib/common.sh
source lib/ssh.sh

[[ -n "$HAD_ONE" ]] || exit 0
[[ -z "$KEPT" ]] || die "$NODE keeps its machine" "$KEPT"
[[ -n "$TARGETS" ]] || die "$NODE is the only node: with its machine all data would go" "add nodes first, or remove the stack"
while read -r other SSH_USER SSH_HOST SSH_PORT SSH_HOST_KEY <&3; do
  # A subshell for each: key and known hosts lie in a folder that goes with it.
  if (prepare_ssh && ssh_to_host true </dev/null) 2>/dev/null; then
    prepare_ssh
    ssh_to_host "$(root_shell) -s" <<<"$LEAVE" >&2 || die "$NODE keeps its machine" "see the lines above; nothing was replaced"
    exit 0
  fi
  log "$other does not answer, asking the next"
done 3<<<"$TARGETS"
die "no other host can be reached, so it is not known whether the database can do without $NODE" "start the others first"
