#!/usr/bin/env bash
# Have a node that sends take the mail of those that do not, and pass it on as its own; called with `down`, no longer.
: "${NODE:?name of the node}"
: "${ADDRESS:?private address of the host}"
: "${NODES:?private addresses of all nodes, which are heard, and nobody else}"
source lib/common.sh
source lib/program.sh
source lib/egress/unit.sh

if [[ "${1:-up}" == down ]]; then
  egress_is_gone gateway
  exit 0
fi
egress_is_up gateway "Carries mail of the nodes that do not send" "Environment=ADDRESS=$ADDRESS \"NODES=$NODES\""
wait_for 30 "the way out to be open on $ADDRESS:7525" listens "$ADDRESS" 7525
