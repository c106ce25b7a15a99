# shellcheck shell=bash
# Debian packages. Several steps may run on a host at once; dpkg bears one at a time.

# A package on hold says "hold ok installed".
is_installed() { [[ "$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null)" == *" ok installed" ]]; }

# Runs a command while no other step of ours uses dpkg; apt's own lock keeps everybody else out.
alone_with_dpkg() {
  exec 9>/run/stalwart-cluster.dpkg
  flock -w 600 9 || die "another step still uses dpkg after 600 s"
  # The command's own end is told, also to a caller that asks for it with `||`, where bash would go on after a failure.
  local ended=0
  "$@" 9>&- || ended=$?
  exec 9>&-
  return "$ended"
}

# What dpkg was doing when it was killed stands in its journal, and apt does nothing until that is worked off.
finish_interrupted_dpkg() {
  compgen -G '/var/lib/dpkg/updates/[0-9]*' >/dev/null || return 0
  log "dpkg was interrupted on this host: finishing what it began"
  # A package that it cannot finish is installed anew by what follows.
  dpkg --force-confdef --force-confold --configure -a </dev/null >&2 || true
}

# Quiet when it works; on failure the last lines of what apt said.
apt_get() {
  local said
  finish_interrupted_dpkg
  said=$(mktemp)
  if apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef \
    -o Dpkg::Options::=--force-confold -o APT::Install-Recommends=false "$@" >"$said" 2>&1; then
    rm -f "$said"
    return 0
  fi
  tail -n 20 "$said" >&2
  rm -f "$said"
  return 1
}

# install_packages NAME...: what is missing, in one transaction. No call of apt when nothing is.
install_packages() {
  local missing=() name
  for name in "$@"; do
    is_installed "$name" || missing+=("$name")
  done
  ((${#missing[@]} > 0)) || return 0
  log "installing ${missing[*]}"
  alone_with_dpkg install_missing "${missing[@]}"
}

# Nothing that is installed here may start with its package's open defaults: policy-rc.d says no meanwhile.
install_missing() {
  local policy=/usr/sbin/policy-rc.d kept=''
  if [[ -e "$policy" ]] && ! grep -q stalwart-cluster "$policy"; then
    kept=$(mktemp)
    cp -p "$policy" "$kept"
  fi
  printf '#!/bin/sh\n# stalwart-cluster: nothing starts before it is configured\nexit 101\n' >"$policy"
  chmod 0755 "$policy"
  local failed=0
  retry 3 2 apt_get update && apt_get install "$@" || failed=1
  rm -f "$policy"
  [[ -z "$kept" ]] || mv "$kept" "$policy"
  ((failed == 0)) || die "apt could not install $*" "see the lines above; does this host reach a Debian mirror?"
}
