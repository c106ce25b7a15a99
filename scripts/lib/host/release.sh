# shellcheck shell=bash
# A given host leaves its stack. Sent to the host as functions, beside those of lib/common.sh.

# Stop what the stack started, keep all data, and write on the host that nobody owns it.
release_host() {
  local owner=/etc/stalwart-cluster/owner.json unit
  [[ -s "$owner" ]] || return 0
  for unit in stalwart-cluster-renew.timer stalwart-cluster-back stalwart-probe stalwart stalwart-repeat \
    stalwart-egress-redirect stalwart-egress-gateway nats-server foundationdb; do
    if systemctl is-enabled --quiet "$unit" 2>/dev/null || systemctl is-active --quiet "$unit"; then
      systemctl disable --now --quiet "$unit" || log "note: $unit could not be stopped"
    fi
  done
  if ! grep -q '"released"' "$owner"; then
    sed "s/}\$/, \"released\": \"$(date -u +%FT%TZ)\"}/" "$owner" | put "$owner" 0644 root:root
  fi
  log "released; its data are kept. To wipe them: apt-get purge foundationdb-server foundationdb-clients nats-server;" \
    "rm -r /var/lib/foundationdb /etc/foundationdb /var/lib/stalwart /etc/stalwart /etc/stalwart-cluster /var/lib/stalwart-cluster"
}
