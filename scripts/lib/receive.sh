# shellcheck shell=bash
# The far end of push_packages.sh: this function's text is what runs on the host.

# receive_packages FOLDER: read lines of digest and path up to a dot, name what is lacking up to a dot, take it as tar.
receive_packages() {
  set -euo pipefail
  umask 022
  mkdir -p "$1"
  cd "$1"
  local line digest path wanted=()
  while IFS= read -r line && [[ "$line" != . ]]; do wanted+=("$line"); done
  for line in "${wanted[@]}"; do
    read -r digest path <<<"$line"
    [[ "$(sha256sum "$path" 2>/dev/null | cut -d' ' -f1)" == "$digest" ]] || printf '%s\n' "$path"
  done
  echo .
  rm -rf .arriving
  mkdir .arriving
  tar -xf - -C .arriving
  for line in "${wanted[@]}"; do
    read -r digest path <<<"$line"
    [[ -e ".arriving/$path" ]] || continue
    [[ "$(sha256sum ".arriving/$path" | cut -d' ' -f1)" == "$digest" ]] || return 1
    mkdir -p "$(dirname "$path")"
    mv -f ".arriving/$path" "$path"
  done
  rm -rf .arriving
  echo whole
}
