# shellcheck shell=bash
# The tree that lab hosts are copied from: a minimal Debian that boots and answers SSH, as a rented server does.

LAB_PACKAGES=systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,iproute2,python3-minimal,ca-certificates,curl,procps

# Debian's names of the releases.
lab_suite() {
  case $1 in
  12) printf bookworm ;;
  13) printf trixie ;;
  *) die "Debian $1 is not known here" "12 or 13" ;;
  esac
}

# Where the tree of a Debian release lies. The digest changes with what goes into it.
lab_base() {
  local suite
  suite=$(lab_suite "$1")
  printf '%s/base-%s-%s-%s' "$LAB_CACHE" "$suite" "$(dpkg --print-architecture)" "$(lab_digest "$LAB_PACKAGES 2")"
}

# The package server that this machine itself uses, so that the lab needs no address of its own.
lab_mirror() {
  # shellcheck disable=SC2016  # apt fills it in
  apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -v security | first_line | sed 's,/*$,,' || true
}

make_base() {
  local base suite mirror work
  base=$(lab_base "$1")
  [[ ! -e "$base/.complete" ]] || return 0
  suite=$(lab_suite "$1")
  mirror=$(lab_mirror)
  mkdir -p "$LAB_CACHE"
  exec 8>"$LAB_CACHE/.lock"
  flock -n 8 || log "waiting for another run that makes the tree of Debian $1"
  flock -w 1500 8 || die "gave up waiting for the other run after 1500 s"
  [[ ! -e "$base/.complete" ]] || return 0
  log "making the tree of Debian $1 once (debootstrap, 1 to 2 minutes)"
  work=$(mktemp -d "$LAB_CACHE/.making.XXXXXX")
  debootstrap --variant=minbase --include="$LAB_PACKAGES" "$suite" "$work" ${mirror:+"$mirror"} >"$LAB_CACHE/debootstrap.log" 2>&1 ||
    die "debootstrap of $suite failed: $(tail -n 1 "$LAB_CACHE/debootstrap.log")" "see $LAB_CACHE/debootstrap.log"
  # The same software sources as a server has: the release, its updates and its security updates.
  if [[ -n "$mirror" ]]; then
    printf 'deb %s %s main\ndeb %s %s-updates main\n' "$mirror" "$suite" "$mirror" "$suite" >"$work/etc/apt/sources.list"
    printf 'deb %s-security %s-security main\n' "$mirror" "$suite" >>"$work/etc/apt/sources.list"
  fi
  if ! chroot "$work" apt-get -q update >>"$LAB_CACHE/debootstrap.log" 2>&1; then
    # Not every mirror carries the security archive beside the release.
    sed -i '/-security/d' "$work/etc/apt/sources.list"
    chroot "$work" apt-get -q update >>"$LAB_CACHE/debootstrap.log" 2>&1 || die "apt-get update failed in the new tree" "see $LAB_CACHE/debootstrap.log"
  fi
  chroot "$work" systemctl -q enable systemd-networkd ssh 2>>"$LAB_CACHE/debootstrap.log"
  # There is no console to log in or to answer questions on; on Debian 13 each attempt counts as a failed service.
  chroot "$work" systemctl -q mask console-getty.service systemd-firstboot.service 2>>"$LAB_CACHE/debootstrap.log"
  # Whatever tells one machine from another is made anew for each host.
  rm -f "$work"/etc/ssh/ssh_host_*_key* "$work/etc/machine-id" "$work/var/lib/dbus/machine-id" "$work/etc/resolv.conf"
  rm -f "$work"/var/cache/apt/archives/*.deb
  touch "$work/.complete"
  chmod 0755 "$work"
  mv "$work" "$base"
  flock -u 8
}
