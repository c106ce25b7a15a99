# shellcheck shell=bash
# shellcheck disable=SC2034  # the names here are read by the scripts that source this file
# What the lab scripts share: where a lab lies, its names, and how its hosts' processes are told from all others.

LAB_CACHE=/var/cache/stalwart-cluster/lab
LAB_HOME=/var/lib/stalwart-cluster/lab

# Interface names have 15 characters at most, so they are cut from a digest of the lab's and the node's names.
lab_digest() { printf '%s' "$1" | sha256sum | cut -c1-8; }
lab_bridge() { printf 'lab-%s' "$(lab_digest "$1")"; }
lab_machine() { printf 'l%s' "$(lab_digest "$1/$2")"; }
lab_hardware_address() { lab_digest "$1" | sed 's/../:&/g; s/^/02:00/'; }
lab_table() { printf 'lab_%s' "$(lab_digest "$1")"; }

lab_need_root() {
  ((EUID == 0)) || die "a lab needs root: it boots machines and makes a network" "run the same command as root"
}

lab_need_commands() {
  local missing=() command
  for command in systemd-nspawn debootstrap ip nft ssh-keygen; do
    command -v "$command" >/dev/null || missing+=("$command")
  done
  ((${#missing[@]} == 0)) ||
    die "a lab needs ${missing[*]}" \
      "apt-get install -y systemd-container debootstrap iproute2 nftables openssh-client"
}

# The first address of a network: 10.77.0.0/24 -> 10.77.0.1
lab_gateway() {
  local base=${1%/*}
  printf '%s.%d' "${base%.*}" "$((${base##*.} + 1))"
}

# A process is ours when its number and its start time are those that were written down: numbers are used again.
started_at() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
remember_process() { printf '%s %s\n' "$1" "$(started_at "$1")" >"$2"; }
is_running() {
  local pid since
  [[ -s "$1" ]] && read -r pid since <"$1" && [[ "$(started_at "$pid")" == "$since" ]]
}
process_of() {
  local pid _
  read -r pid _ <"$1" && printf '%s' "$pid"
}
