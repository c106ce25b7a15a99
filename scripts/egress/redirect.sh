#!/usr/bin/env bash
# Have all mail of a node that does not send leave by one that does; called with `down`, it sends itself again.
#
# The kernel leads what the mail server sends to port 25 to a program of ours, which has a sending node carry it. Nothing
# leaves directly: without the program connections are refused, and without the kernel's rule the mail server does not start.
: "${NODE:?name of the node}"
: "${GATEWAYS:?private addresses of the nodes that send}"
source lib/common.sh
source lib/egress/rules.sh
source lib/egress/unit.sh
source lib/stalwart/user.sh

rules=/etc/stalwart-cluster/egress.nft
drop_in=/etc/systemd/system/stalwart.service.d/egress.conf

if [[ "${1:-up}" == down ]]; then
  gone "$drop_in"
  systemctl daemon-reload
  ! nft list table inet "$EGRESS_TABLE" >/dev/null 2>&1 || nft delete table inet "$EGRESS_TABLE"
  gone "$rules"
  egress_is_gone redirect
  exit 0
fi

refuses_nobody() {
  local gateway
  for gateway in $GATEWAYS; do
    ! listens "$gateway" 7525 || return 0
  done
  return 1
}

wait_for 30 "one of $GATEWAYS to take this node's mail on port 7525" refuses_nobody
make_user
mkdir -p "${rules%/*}" "${drop_in%/*}"
CHANGED=0
put "$rules" 0644 root:root < <(egress_rules "$(id -u stalwart)")
other_rules=$CHANGED
# Who loads another firewall takes every table away first.
egress_is_up redirect "Has another node carry the mail of this one" \
  $'PartOf=nftables.service\nReloadPropagatedFrom=nftables.service' \
  "Environment=\"GATEWAYS=$GATEWAYS\""$'\n'"ExecStartPre=+/usr/sbin/nft -f $rules"$'\n'"ExecReload=+/usr/sbin/nft -f $rules"
if ((other_rules)) || ! nft list table inet "$EGRESS_TABLE" >/dev/null 2>&1; then
  nft -f "$rules"
fi
CHANGED=0
put "$drop_in" 0644 root:root <<UNIT
# Written by stalwart-cluster.
[Unit]
Wants=stalwart-egress-redirect.service
After=stalwart-egress-redirect.service

[Service]
# Mail that left directly would be refused: no record names this node as a sender.
ExecStartPre=+/usr/sbin/nft list table inet $EGRESS_TABLE
UNIT
((CHANGED == 0)) || systemctl daemon-reload
wait_for 30 "the program that leads mail to other nodes" listens 127.0.0.1 7525
