# shellcheck shell=bash
# What the kernel does on a node that does not send.

EGRESS_TABLE=stalwart_egress

# egress_rules UID: lead what a user sends to port 25 of other hosts to the program on this host. Loaded again, it
# replaces what was there.
egress_rules() {
  cat <<RULES
# Written by stalwart-cluster. What the mail server sends to the world is carried by another node.
table inet $EGRESS_TABLE
delete table inet $EGRESS_TABLE
table inet $EGRESS_TABLE {
  chain output {
    type nat hook output priority -100; policy accept;
    meta skuid $1 tcp dport 25 fib daddr type != local redirect to :7525
  }
}
RULES
}
