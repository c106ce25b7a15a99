# shellcheck shell=bash
# The database's data on a device of their own, mounted before anything is written below it.

DATABASE_HOME=/var/lib/foundationdb

prepare_volume() {
  [[ -n "$DEVICE" ]] || return 0
  if mountpoint -q "$DATABASE_HOME"; then
    refuse_other_encryption "$(findmnt -no SOURCE "$DATABASE_HOME")"
    return 0
  fi
  wait_for 60 "the volume $DEVICE to be attached" test -b "$DEVICE"
  [[ -z "$(find "$DATABASE_HOME" -mindepth 1 -print -quit 2>/dev/null)" ]] ||
    die "$DATABASE_HOME holds data and is not on the volume $DEVICE" \
      "a database is not moved here: set hetzner.volume, nodes.$NODE.device and database.encrypt back as they were"
  mkdir -p "$DATABASE_HOME"
  # nofail: a server whose volume is late still answers SSH; the database waits for its mount.
  if [[ -n "$DISK_KEY" ]]; then
    open_encrypted
    write_unlocking
    mounted_from "$OPENED" "_netdev,x-systemd.requires=$UNLOCKING,x-systemd.device-timeout=infinity"
  else
    mounted_from "$DEVICE" ''
  fi
  mount "$DATABASE_HOME" || die "the volume $DEVICE cannot be mounted" "is it formatted as ext4? mkfs.ext4 $DEVICE, when it holds nothing"
  log "the database's data lie on $DEVICE${DISK_KEY:+, encrypted}"
}

# mounted_from SOURCE OPTIONS: let the data be mounted from there at every boot.
mounted_from() {
  {
    grep -v " $DATABASE_HOME " /etc/fstab || true
    printf '%s %s ext4 defaults,noatime,discard,nofail%s 0 2\n' "$1" "$DATABASE_HOME" "${2:+,$2}"
  } | put /etc/fstab 0644 root:root shared
  systemctl daemon-reload
}

# refuse_other_encryption SOURCE: data that are there stay as they are.
refuse_other_encryption() {
  if [[ -n "$DISK_KEY" && "$1" != "$OPENED" ]]; then
    die "the database's data lie in clear on $1, and the stack file wants them encrypted" \
      "only a new disk is: set nodes.$NODE.encrypt to false, or take the node out, run up, and put it in again"
  elif [[ -z "$DISK_KEY" && "$1" == "$OPENED" ]]; then
    die "the database's data lie encrypted on $DEVICE, and the stack file wants them in clear" \
      "set database.encrypt back, or take the node out, run up, and put it in again"
  fi
}
