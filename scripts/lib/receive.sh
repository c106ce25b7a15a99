# shellcheck shell=bash
# The far end of push_files.sh: this function's text is what runs on the host.

# receive_files FOLDER OTHERS [-z]: read lines of digest and path up to a dot, name what is lacking up to a dot, take it as tar.
# Other files in the folder go, where they shall.
receive_files() {
  set -euo pipefail
  umask 022
  mkdir -p "$1"
  cd "$1"
  local line digest path names wanted=()
  while IFS= read -r line && [[ "$line" != . ]]; do wanted+=("$line"); done
  for line in "${wanted[@]}"; do
    read -r digest path <<<"$line"
    [[ "$(sha256sum "$path" 2>/dev/null)" == "$digest"* ]] || printf '%s\n' "$path"
  done
  echo .
  rm -rf .arriving
  mkdir .arriving
  tar ${3:+"$3"} -xf - -C .arriving
  for line in "${wanted[@]}"; do
    read -r digest path <<<"$line"
    [[ -e ".arriving/$path" ]] || continue
    [[ "$(sha256sum ".arriving/$path")" == "$digest"* ]] || return 1
    mkdir -p "$(dirname "$path")"
    mv -f ".arriving/$path" "$path"
  done
  rm -rf .arriving
  if [[ "$2" == go ]]; then
    names=$(printf './%s\n' "${wanted[@]#*  }")
    find . -type f | while IFS= read -r path; do [[ $'\n'"$names"$'\n' == *$'\n'"$path"$'\n'* ]] || rm -f "$path"; done
  fi
  echo whole
}
