# shellcheck shell=bash
# What a host is, read without changing it.

# The major number of a Debian release, empty elsewhere.
debian_release() { (
  # shellcheck source=/dev/null  # the host's own
  source /etc/os-release && [[ "${ID:-}" == debian ]] && printf '%s' "${VERSION_ID:-}"
) || true; }

memory_mib() { awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo; }

disk_free_gib() { df --output=avail -B1G /var/lib | tail -n 1 | tr -d ' '; }

# owner_field KEY FILE: a text value of a flat JSON file; empty where file or key is missing. Python may not be there yet.
owner_field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$2" 2>/dev/null | first_line; }

has_address() { ip -o address show | grep -E " inet6? $1/" >/dev/null; }

# Seconds this clock is ahead of the clock of the host's package server; empty where that cannot be asked.
clock_offset() {
  local mirror theirs
  # shellcheck disable=SC2016  # apt fills it in
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep '^http' | first_line || true)
  [[ -n "$mirror" ]] || return 0
  theirs=$(curl -sI --max-time 5 "$mirror" | sed -n 's/^[Dd]ate: *\([^\r]*\).*/\1/p' | first_line)
  [[ -n "$theirs" ]] || return 0
  echo $(($(date +%s) - $(date -d "$theirs" +%s)))
}
