#!/usr/bin/env bash
# A given host leaves its stack: stop what the stack started, keep all data, and write on the host that nobody owns it.
: "${NODE:?name of the node}"
source lib/common.sh

owner=/etc/stalwart-cluster/owner.json
[[ -s "$owner" ]] || exit 0
for unit in stalwart-cluster-renew.timer stalwart-cluster-back stalwart-probe stalwart nats-server foundationdb; do
  if systemctl is-enabled --quiet "$unit" 2>/dev/null || systemctl is-active --quiet "$unit"; then
    systemctl disable --now --quiet "$unit" || log "note: $unit could not be stopped"
  fi
done
if ! grep -q '"released"' "$owner"; then
  sed "s/}\$/, \"released\": \"$(date -u +%FT%TZ)\"}/" "$owner" | put "$owner" 0644 root:root
fi
log "released; its data are kept. To wipe them: apt-get purge foundationdb-server foundationdb-clients nats-server;" \
  "rm -r /var/lib/foundationdb /etc/foundationdb /var/lib/stalwart /etc/stalwart /etc/stalwart-cluster /var/lib/stalwart-cluster"
