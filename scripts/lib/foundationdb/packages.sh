# shellcheck shell=bash
# FoundationDB's two packages: fetched, checked against the published digests, installed in one transaction, held.

# Whether both packages are whole, in the wanted release. Any `dpkg -i` of the server restarts every process on the
# host, so an installed release is never installed again.
has_fdb_packages() {
  local name here
  for name in foundationdb-server foundationdb-clients; do
    is_installed "$name" || return 1
    here=$(installed_version "$name")
    [[ "$here" == "$FDB_VERSION" || "$here" == "$FDB_VERSION-"* ]] || return 1
  done
}

# Releases of one line talk to each other, so nodes may change one after the other; an older one may not read what a
# newer one wrote.
refuse_another_line() {
  local here
  here=$(fdb_release)
  [[ -n "$here" ]] || return 0
  [[ "$(line_of "$here")" == "$(line_of "$FDB_VERSION")" ]] ||
    die "FoundationDB $here is installed and the stack file wants $FDB_VERSION, of another line" \
      "the nodes could not talk to each other meanwhile: set release.foundationdb to a release of $(line_of "$here")"
  refuse_older "$here"
}

refuse_older() {
  local here=$1
  dpkg --compare-versions "$FDB_VERSION" ge "$here" ||
    die "FoundationDB $here is installed and the stack file wants the older $FDB_VERSION" \
      "set release.foundationdb back to $here, or to a newer one"
}

# Fetched and checked before anything is stopped: a wrong file changes nothing.
fetch_fdb_packages() {
  refuse_missing_avx
  download_fdb_packages
}

install_fdb_packages() {
  local name
  log "installing FoundationDB $FDB_VERSION"
  alone_with_dpkg install_fdb_files ||
    die "the packages of FoundationDB $FDB_VERSION could not be installed" "see the lines above"
  for name in foundationdb-clients foundationdb-server; do apt-mark hold "$name" >/dev/null; done
  rm -rf "$FDB_DOWNLOADS"
}

# What was cut short while its files were unpacked can neither be set up nor replaced: it is taken out first. Data stay.
install_fdb_files() {
  local name said
  for name in foundationdb-server foundationdb-clients; do
    [[ "$(dpkg-query -W -f '${db:Status-Eflag}' "$name" 2>/dev/null)" == reinstreq ]] || continue
    log "$name was left half installed: taking it out"
    dpkg --remove --force-remove-reinstreq --force-depends "$name" >&2 || return 1
  done
  if is_beside; then
    # Whatever starts here, and whenever, has to be of the line that the database has: the files of the package are before
    # the monitor is led back to them.
    finish_interrupted_dpkg
    if ! said=$(dpkg --unpack "${FDB_FILES[@]}" 2>&1); then
      printf '%s\n' "$said" >&2
      return 1
    fi
    write_configuration || return 1
  fi
  apt_get install --allow-change-held-packages "${FDB_FILES[@]}"
}

# An odd patch number is the build for processors with AVX; on others it dies of an illegal instruction.
refuse_missing_avx() {
  local patch=${FDB_VERSION##*.}
  ((patch % 2 == 1)) && [[ "$(dpkg --print-architecture)" == amd64 ]] || return 0
  grep -qw avx /proc/cpuinfo ||
    die "FoundationDB $FDB_VERSION is built for AVX, which this processor lacks" "take an even patch number, e.g. ${FDB_VERSION%.*}.$((patch - 1))"
}

download_fdb_packages() {
  local suffix name file
  suffix=$(dpkg --print-architecture)
  # The file names say aarch64 where dpkg says arm64.
  [[ "$suffix" != arm64 ]] || suffix=aarch64
  FDB_DOWNLOADS=/var/cache/stalwart-cluster/foundationdb-$FDB_VERSION
  FDB_FILES=()
  mkdir -p "$FDB_DOWNLOADS"
  local running=()
  for name in foundationdb-clients foundationdb-server; do
    file=$FDB_DOWNLOADS/${name}_$FDB_VERSION-1_$suffix.deb
    FDB_FILES+=("$file")
    fetch_checked "$file" &
    running+=($!)
  done
  for file in "${running[@]}"; do wait "$file" || die "FoundationDB $FDB_VERSION could not be fetched" "see the lines above"; done
}

fetch_checked() {
  local file=$1 name wanted
  name=$(basename "$file")
  fetch "$FDB_SOURCE/$name.sha256" "$file.sha256"
  fetch "$FDB_SOURCE/$name" "$file"
  # Older digest files hold the digest alone, newer ones a name as well.
  wanted=$(head -c 64 "$file.sha256")
  if [[ "$(sha256_of "$file")" != "$wanted" ]]; then
    rm -f "$file" "$file.sha256"
    die "$name does not have its published digest" "the download was damaged or the mirror's file is not the release's"
  fi
}
