# shellcheck shell=bash
# Release files, from the projects or from a mirror.

sha256_of() { sha256sum "$1" | cut -d' ' -f1; }

# fetch URL TARGET: whole or not at all. An interrupted download goes on where it stopped.
fetch() {
  local url=$1 target=$2 path
  [[ ! -s "$target" ]] || return 0
  if [[ "$url" == file://* ]]; then
    path=${url#file://}
    [[ -s "$path" ]] || die "the mirror has no $path" "put the release's file there under its release name"
    ln -f "$path" "$target" 2>/dev/null || cp "$path" "$target"
    return 0
  fi
  curl -fsSL --connect-timeout 15 --retry 3 --retry-connrefused --speed-limit 1000 --speed-time 60 --max-time 1500 \
    -C - -o "$target.part" "$url" ||
    die "$url could not be downloaded" "does this host reach it? A mirror can be set: stalwart-cluster:mirror"
  mv "$target.part" "$target"
}
