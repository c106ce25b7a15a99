# shellcheck shell=bash
# Why a host is refused. All reasons together, and before anything on it is changed.

CLOCK_TOLERANCE=5

refusals=()
refuse() { refusals+=("$1; $2"); }

refuse_unfit_host() {
  refuse_other_system
  refuse_other_owner
  refuse_small_host
  refuse_foreign_mail_server
  refuse_foreign_database
  refuse_foreign_services
  refuse_used_ports
  ((${#refusals[@]} == 0)) && return 0
  log "error: this host cannot carry node $NODE; nothing on it was changed"
  printf '  - %s\n' "${refusals[@]}" >&2
  exit 1
}

is_ours() { [[ "$(owner_field id /etc/stalwart-cluster/owner.json)" == "$CLUSTER_ID" ]]; }

refuse_other_system() {
  case "$(debian_release)" in
  12 | 13) ;;
  *) refuse "it is not Debian 12 or 13" "install Debian 13" ;;
  esac
  case "$(dpkg --print-architecture 2>/dev/null)" in
  amd64 | arm64) ;;
  *) refuse "its architecture is neither amd64 nor arm64" "FoundationDB has packages for these two only" ;;
  esac
  has_address "$ADDRESS" ||
    refuse "the address $ADDRESS is on none of its interfaces" "set nodes.$NODE.address to its private address"
}

refuse_other_owner() {
  local owner=/etc/stalwart-cluster/owner.json
  [[ -s "$owner" ]] && ! is_ours && [[ -z "$(owner_field released "$owner")" ]] || return 0
  refuse "it belongs to stack $(owner_field stack "$owner") as node $(owner_field node "$owner")" \
    "destroy that stack first, or remove $owner when it is gone for good"
}

refuse_small_host() {
  local memory disk
  memory=$(memory_mib)
  disk=$(disk_free_gib)
  ((memory >= MIN_MEMORY_MIB)) || refuse "it has $memory MiB of memory" "$MIN_MEMORY_MIB MiB is the least"
  ((disk >= MIN_DISK_GIB)) || refuse "/var/lib has $disk GiB free" "$MIN_DISK_GIB GiB is the least"
  if swapon --show --noheadings 2>/dev/null | grep . >/dev/null; then
    log "note: swap is on; the database answers slowly once it is swapped out (swapoff -a, and remove it from /etc/fstab)"
  fi
}

refuse_foreign_mail_server() {
  local name
  for name in exim4-daemon-light exim4-daemon-heavy postfix sendmail-bin opensmtpd; do
    is_installed "$name" || continue
    refuse "another mail server is installed: $name" "when its mail is saved: apt-get purge $name"
  done
}

refuse_foreign_database() {
  # A database on loopback may be the one that the package makes for itself: installing looks into it.
  { is_ours || grep -q '@127\.0\.0\.1:4500$' /etc/foundationdb/fdb.cluster 2>/dev/null; } && return 0
  if [[ -n "$(find /var/lib/foundationdb/data -mindepth 1 -print -quit 2>/dev/null)" ]]; then
    refuse "it holds data of another FoundationDB in /var/lib/foundationdb/data" \
      "when nobody needs them: apt-get purge foundationdb-server foundationdb-clients, rm -r /var/lib/foundationdb /etc/foundationdb"
  elif [[ -s /etc/foundationdb/fdb.cluster ]]; then
    refuse "it is part of another FoundationDB cluster: /etc/foundationdb/fdb.cluster" "when that is over: rm -r /etc/foundationdb"
  fi
}

# Files of these would be written over, and with them the way to somebody's mail.
refuse_foreign_services() {
  is_ours && return 0
  if [[ -e /etc/stalwart/config.json || -e /opt/stalwart/etc/config.toml ]]; then
    refuse "a Stalwart is set up on it already" \
      "when its mail is saved: systemctl disable --now stalwart, rm -r /etc/stalwart /var/lib/stalwart /opt/stalwart"
  fi
  if is_installed nats-server && ! grep -q 'Written by stalwart-cluster' /etc/nats-server.conf 2>/dev/null; then
    refuse "a NATS server is installed already" "when nobody needs it: apt-get purge nats-server"
  fi
}

refuse_used_ports() {
  local port found user pid
  for port in 25 443 465 587 993 4190 4222 4500 6222 8080; do
    found=$(ss -H -ltnp "sport = :$port" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1 \2/p' | first_line)
    read -r user pid <<<"$found" || true
    # Whose data a database serves is looked at above.
    if [[ -n "$user" && "$port $user" != '4500 fdbserver' ]] && ! is_our_service "$pid"; then
      refuse "port $port is in use by $user" "stop it; systemctl disable --now keeps it off"
    fi
  done
}

is_our_service() { is_ours && grep -qE '/(foundationdb|nats-server|stalwart)\.service$' "/proc/$1/cgroup" 2>/dev/null; }

# The database does not need equal clocks, but mail, certificates and logs do.
check_clock() {
  local offset
  offset=$(clock_offset)
  [[ -n "$offset" ]] || {
    log "note: the clock could not be compared with anything"
    return 0
  }
  ((${offset#-} <= CLOCK_TOLERANCE)) ||
    die "the clock is off by $offset s" "let chrony set it (chronyc makestep), then run the same command again"
}
