#!/usr/bin/env bash
# Have all mail of a node that does not send leave by one that does; called with `down`, it sends itself again.
#
# The kernel leads what the mail server sends to port 25 to a program of ours, which has a sending node carry it. Nothing
# leaves directly: without the program connections are refused, and without the kernel's rule the mail server does not start.
: "${NODE:?name of the node}"
: "${GATEWAYS:?private addresses of the nodes that send}"
source lib/common.sh
source lib/egress/rules.sh
source lib/program.sh
source lib/egress/unit.sh
source lib/stalwart/user.sh

rules=/etc/stalwart-cluster/egress.nft
before_mail=/etc/systemd/system/stalwart.service.d/egress.conf
after_firewall=/etc/systemd/system/nftables.service.d/stalwart-egress.conf

if [[ "${1:-up}" == down ]]; then
  gone "$before_mail"
  gone "$after_firewall"
  systemctl daemon-reload
  ! nft list table inet "$EGRESS_TABLE" >/dev/null 2>&1 || nft delete table inet "$EGRESS_TABLE"
  gone "$rules"
  egress_is_gone redirect
  exit 0
fi

somebody_sends() {
  local gateway
  for gateway in $GATEWAYS; do
    ! listens "$gateway" 7525 || return 0
  done
  return 1
}

wait_for 30 "one of $GATEWAYS to take this node's mail on port 7525" somebody_sends
make_user
mkdir -p "${rules%/*}" "${before_mail%/*}" "${after_firewall%/*}"
CHANGED=0
put "$rules" 0644 root:root < <(egress_rules "$(id -u stalwart)")
other_rules=$CHANGED
egress_is_up redirect "Has another node carry the mail of this one" \
  "Environment=\"GATEWAYS=$GATEWAYS\""$'\n'"ExecStartPre=+/usr/sbin/nft -f $rules"
if ((other_rules)) || ! nft list table inet "$EGRESS_TABLE" >/dev/null 2>&1; then
  nft -f "$rules"
fi
CHANGED=0
# Debian's own firewall takes every table away before it loads its own, and when it ends.
put "$after_firewall" 0644 root:root <<UNIT
# Written by stalwart-cluster.
[Service]
ExecStartPost=-/usr/sbin/nft -f $rules
ExecReload=-/usr/sbin/nft -f $rules
ExecStopPost=-/usr/sbin/nft -f $rules
UNIT
put "$before_mail" 0644 root:root <<UNIT
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
