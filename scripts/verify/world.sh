#!/usr/bin/env bash
# What the world outside of a lab is to its mail: a name server with the stack's zones, zones of its own and the reverse
# names of the lab's network, and a mail server with an address of its own. Run again, it takes what changed.
: "${ADDRESS:?address of this host}"
: "${NETWORK:?network of the lab}"
: "${RESOLVERS?who answers for all other names}"
: "${ZONES:?JSON: zone -> its text, as a name server reads it}"
: "${REVERSE:?JSON: address -> its name}"
source lib/common.sh
source lib/apt.sh
source lib/verify/names.sh
source lib/verify/post.sh

install_packages bind9 postfix openssl python3 python3-dkim python3-nacl python3-spf iproute2
signing_keys
name_server
mail_server
printf '{"domain": "%s", "zones": %d}\n' "$WORLD" "$(find /etc/bind/zones -type f | wc -l)"
