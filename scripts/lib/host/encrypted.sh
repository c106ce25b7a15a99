# shellcheck shell=bash
# The database's disk under LUKS2. A disk that may hold anything is never formatted.

OPENED=/dev/mapper/stalwart-cluster-data
UNLOCKING=stalwart-cluster-unlock.service
# Tells a disk whose file system was made from one whose making was interrupted.
MADE=stalwart-cluster
# A disk whose beginning is not all zero holds something, whether or not anybody knows what.
BEGINNING_MIB=16

# cryptsetup with the key on its standard input; in no command line, and in nobody's environment.
with_key() { printf '%s' "$DISK_KEY" | cryptsetup --batch-mode --key-file=- "$@"; }

open_encrypted() {
  install_packages cryptsetup-bin clevis-luks e2fsprogs
  if ! cryptsetup isLuks --type luks2 "$DEVICE"; then
    refuse_used_disk
    log "encrypting $DEVICE"
    # The key is random and long: there is nothing to stretch, and stretching takes memory that the database has.
    with_key luksFormat --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$DEVICE"
  fi
  with_key open --test-passphrase "$DEVICE" 2>/dev/null ||
    die "$DEVICE is encrypted with another key than this stack has for node $NODE" \
      "give the node the disk it had; or when nobody needs what is on it: cryptsetup erase $DEVICE, wipefs -a $DEVICE"
  # Kept in the header, because the disk is opened by others at a boot.
  [[ -b "$OPENED" ]] || with_key open --allow-discards --persistent "$DEVICE" "${OPENED##*/}"
  make_file_system
}

make_file_system() {
  local found
  found=$(blkid -p -o value -s TYPE "$OPENED" || true)
  if [[ "$(cryptsetup luksDump "$DEVICE" | awk '$1 == "Label:" { print $2 }')" == "$MADE" ]]; then
    [[ "$found" == ext4 ]] || die "the file system on $DEVICE is damaged" "look at it before anything else: fsck.ext4 -n $OPENED"
    return 0
  fi
  [[ -n "$found" ]] || mkfs.ext4 -q "$OPENED" >&2
  cryptsetup config "$DEVICE" --label "$MADE"
}

refuse_used_disk() {
  local found
  found=$(wipefs --no-act --noheadings --output TYPE "$DEVICE" | sort -u | tr '\n' ' ')
  [[ -z "$found" ]] || die "$DEVICE holds something: $found" "when nobody needs it: wipefs -a $DEVICE; else name another disk"
  [[ "$(lsblk --noheadings --output NAME "$DEVICE" | wc -l)" == 1 ]] ||
    die "$DEVICE is in use or has parts" "name an empty disk, by its name in /dev/disk/by-id"
  cmp -s -n "$((BEGINNING_MIB * 1024 * 1024))" "$DEVICE" /dev/zero ||
    die "$DEVICE is not empty: its first $BEGINNING_MIB MiB are not all zero" \
      "when nobody needs what is on it: dd if=/dev/zero of=$DEVICE bs=1M count=$BEGINNING_MIB"
}

# At a boot the disk is opened by the keys of other nodes. Without an end: they may come back at any time, and nobody sits
# at the console; the host answers SSH meanwhile.
write_unlocking() {
  mkdir -p /usr/local/lib/stalwart-cluster
  put /usr/local/lib/stalwart-cluster/unlock 0755 root:root <<UNLOCK
#!/bin/bash
# Written by stalwart-cluster. Opens the disk of the database as soon as enough other nodes answer.
until [[ -b $OPENED ]] || clevis luks unlock -d $DEVICE -n ${OPENED##*/}; do
  sleep 5
done
UNLOCK
  put "/etc/systemd/system/$UNLOCKING" 0644 root:root <<'UNIT'
[Unit]
Description=Open the disk of the database with the other nodes' keys
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
TimeoutStartSec=infinity
ExecStart=/usr/local/lib/stalwart-cluster/unlock
UNIT
}
