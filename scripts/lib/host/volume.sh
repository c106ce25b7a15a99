# shellcheck shell=bash
# The database's data on a device of their own, mounted before anything is written below it.

DATABASE_HOME=/var/lib/foundationdb

prepare_volume() {
  [[ -n "$DEVICE" ]] || return 0
  ! mountpoint -q "$DATABASE_HOME" || return 0
  wait_for 60 "the volume $DEVICE to be attached" test -b "$DEVICE"
  [[ -z "$(find "$DATABASE_HOME" -mindepth 1 -print -quit 2>/dev/null)" ]] ||
    die "$DATABASE_HOME holds data and is not on the volume $DEVICE" "a database is not moved here: set hetzner.volume back"
  mkdir -p "$DATABASE_HOME"
  {
    grep -v " $DATABASE_HOME " /etc/fstab || true
    # nofail: a server whose volume is late still answers SSH; the database waits for its mount.
    printf '%s %s ext4 defaults,noatime,discard,nofail 0 2\n' "$DEVICE" "$DATABASE_HOME"
  } | put /etc/fstab 0644 root:root shared
  systemctl daemon-reload
  mount "$DATABASE_HOME" || die "the volume $DEVICE cannot be mounted" "is it formatted as ext4? mkfs.ext4 $DEVICE, when it holds nothing"
  log "the database's data lie on $DEVICE"
}
