#!/usr/bin/env bash
# Bring the mail server on a host to the wanted release: binary, unit, the pointer to its store. A server that runs is
# changed in the turn of its node; else it is started later, the first node first.
: "${NODE:?name of the node}"
: "${STALWART_VERSION:?release}"
: "${STALWART_SOURCE:?URL of the folder with the release files}"
: "${STALWART_SHA256?lines of architecture and digest; without one for this architecture it is learnt}"
: "${STALWART_HOSTNAME:?identity of the node in the mail cluster, unique and constant}"
: "${ZONE:?failure zone of the node}"
: "${TRANSACTION_TIMEOUT:?milliseconds a request waits for the store}"
: "${ADMIN_LOGIN:?address of the administrator}"
: "${ADMIN_PASSWORD:?}"
: "${NATS_PASSWORD:?password for the coordinator}"
: "${NATS_ADDRESSES:?where the coordinator answers, ip:port each}"
source lib/common.sh
source lib/download.sh
source lib/stalwart/files.sh
source lib/stalwart/user.sh

programs=/usr/local/lib/stalwart-cluster
binary=$programs/stalwart-$STALWART_VERSION
record=/var/lib/stalwart-cluster/stalwart-$STALWART_VERSION.sha256

architecture=$(dpkg --print-architecture)
case $architecture in
amd64) target=x86_64 ;;
arm64) target=aarch64 ;;
*) die "there is no Stalwart for $architecture" ;;
esac

# A newer server has rewritten what an older one cannot read.
refuse_downgrade() {
  local here
  here=$(readlink /usr/local/bin/stalwart 2>/dev/null) || return 0
  here=${here##*/stalwart-}
  [[ "$(printf '%s\n%s\n' "$here" "$STALWART_VERSION" | sort -V | tail -n 1)" == "$STALWART_VERSION" ]] ||
    die "Stalwart $here is installed and the stack file wants the older $STALWART_VERSION" "set release.stalwart back to $here"
}

install_binary() {
  local archive digest work
  if [[ -x "$binary" && -s "$record" ]]; then
    check_digest "$(cat "$record")"
    return 0
  fi
  archive=/var/cache/stalwart-cluster/stalwart-$STALWART_VERSION.tar.gz
  mkdir -p "$programs" "${archive%/*}" "${record%/*}"
  fetch "$STALWART_SOURCE/stalwart-foundationdb-$target-unknown-linux-gnu.tar.gz" "$archive"
  digest=$(sha256_of "$archive")
  check_digest "$digest"
  [[ "$(tar -tzf "$archive")" == stalwart-foundationdb ]] ||
    die "the archive of Stalwart $STALWART_VERSION does not hold one file, stalwart-foundationdb" "is it the FoundationDB build?"
  work=$(mktemp -d "$programs/.unpack.XXXXXX")
  tar -xzf "$archive" -C "$work" --no-same-owner
  chmod 0755 "$work/stalwart-foundationdb"
  mv -f "$work/stalwart-foundationdb" "$binary"
  rmdir "$work"
  put "$record" 0600 root:root <<<"$digest"
  rm -f "$archive"
  log "Stalwart $STALWART_VERSION installed"
}

wanted=$(awk -v arch="$architecture" '$1 == arch { print $2 }' <<<"$STALWART_SHA256" | first_line)

# There is no published digest: one is pinned, or what the first host got is demanded of every other.
check_digest() {
  [[ -z "$wanted" || "$1" == "$wanted" ]] && return 0
  rm -f "${archive:-}"
  die "the archive of Stalwart $STALWART_VERSION has the digest $1, not $wanted" \
    "the pinned digest is wrong, or this host was given another file than the first"
}

refuse_downgrade
make_user
for folder in /etc/stalwart /var/lib/stalwart /var/log/stalwart; do
  [[ -d "$folder" ]] || install -d -m 0750 -o stalwart -g stalwart "$folder"
done
install_binary
in_python lib/stalwart/own_lease.py install
write_files
here=$(readlink /usr/local/bin/stalwart 2>/dev/null || true)
if systemctl is-active --quiet stalwart; then
  if [[ "$here" != "$binary" ]]; then
    in_python lib/stalwart/roll.py "bring Stalwart from ${here##*/stalwart-} to $STALWART_VERSION" "$binary"
  elif runs_longer_than stalwart /etc/stalwart/config.json /etc/stalwart/stalwart.env; then
    in_python lib/stalwart/roll.py "restart Stalwart with its new settings of the host" "$binary"
  fi
else
  if [[ "$here" != "$binary" ]]; then
    ln -sfn "$binary" /usr/local/bin/.stalwart.new
    mv -fT /usr/local/bin/.stalwart.new /usr/local/bin/stalwart
  fi
  # One that served and was stopped by hand is started now: another node that is to have its turn waits for it.
  [[ ! -e /var/lib/stalwart-cluster/stalwart.started-for ]] || systemctl start stalwart
fi
printf '{"sha256": "%s", "arch": "%s", "version": "%s"}\n' "$(cat "$record")" "$architecture" "$STALWART_VERSION"
