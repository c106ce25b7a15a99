# shellcheck shell=bash
# In front of a step that runs what its host keeps.

# kept SEAL NAME: where the text of this digest lies; the end where it does not lie there as it was sent.
kept() {
  local file=/var/lib/stalwart-cluster/scripts/$1
  if [[ "$(sha256sum "$file" 2>/dev/null | cut -c1-16)" != "$1" ]]; then
    printf '%s\n' "${NODE:-here}: error: $2 does not lie on this host as the stack sent it" \
      "${NODE:-here}: what to do: make mend" >&2
    return 1
  fi
  printf %s "$file"
}
