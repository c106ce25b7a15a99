#!/usr/bin/env bash
# Have the other nodes open this host's disk at a boot: any THRESHOLD of them together, none of them alone knows the key.
: "${NODE:?name of the node}"
: "${DEVICE:?block device under LUKS2}"
: "${DISK_KEY:?the key that the stack has for it}"
: "${SHARES:?lines of another node: its private address, and the thumbprint of its key}"
: "${THRESHOLD:?how many of them it takes}"
: "${TANG_PORT:?where they answer}"
source lib/common.sh
export -n DISK_KEY

# Who opens the disk now, and by which keys: the header has the addresses only.
record=/var/lib/stalwart-cluster/unlocked-by
wanted=$(printf '%s\n' "$THRESHOLD" "$SHARES")

slots() { clevis luks list -d "$DEVICE" | cut -d: -f1; }

# The policy of clevis: THRESHOLD of all, each known by its thumbprint.
policy() {
  local address thumbprint between=''
  printf '{"t": %d, "pins": {"tang": [' "$THRESHOLD"
  while read -r address thumbprint; do
    printf '%s{"url": "http://%s:%s", "thp": "%s"}' "$between" "$address" "$TANG_PORT" "$thumbprint"
    between=', '
  done <<<"$SHARES"
  printf ']}}'
}

[[ ! "$SHARES" =~ \ ($|$'\n') ]] ||
  die "a node has not told the thumbprint of its key" "run the same command again; if that does not help: make mend"
former=$(slots)
if [[ -n "$former" && "$(cat "$record" 2>/dev/null)" == "$wanted" ]]; then exit 0; fi
printf '%s' "$DISK_KEY" | clevis luks bind -d "$DEVICE" -k - sss "$(policy)" >&2 ||
  die "the other nodes did not give their parts of the key" \
    "all of them have to answer on port $TANG_PORT now: see whether one is down, then run the same command again"
new=$(comm -13 <(sort <<<"$former") <(slots | sort) | first_line)
# Tried before the former ones go: a disk that nobody opens is found at a boot otherwise.
clevis luks pass -d "$DEVICE" -s "$new" | cryptsetup open --test-passphrase --key-file=- "$DEVICE" ||
  die "the other nodes' keys do not open $DEVICE" "nothing was changed in who opens it; run the same command again"
for slot in $former; do clevis luks unbind -f -d "$DEVICE" -s "$slot" >&2; done
put "$record" 0600 root:root <<<"$wanted"
log "$THRESHOLD of $(wc -l <<<"$SHARES") other nodes open the disk of the database at a boot"
