#!/usr/bin/env bash
# Whether mail can leave this host: one mail server of somebody else has to greet on port 25.
: "${NODE:?name of the node}"
: "${TARGETS:?mail servers of others}"
source lib/common.sh

greets() { timeout 10 bash -c "exec 3<>/dev/tcp/$1/25 && read -r -t 8 line <&3 && [[ \$line == 220* ]]" 2>/dev/null; }

for target in $TARGETS; do
  greets "$target" && exit 0
  log "$target does not greet on port 25"
done
die "no mail can leave this host: none of $TARGETS greets on port 25, and the records are not published" \
  "new accounts at Hetzner have port 25 closed: ask for it in the console under Limits, or send through others: mail.relay"
