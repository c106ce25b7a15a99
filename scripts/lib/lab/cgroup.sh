# shellcheck shell=bash
# A control group for each host. The systemd of a host keeps its units below the group it was started in: in one that hosts
# share, each of them takes the others' groups away, and what it starts or kills may meet those of another host.

# own_cgroup NAME FILE: move this shell into groups of its own below its present ones, and note them in FILE. Of the older
# layout only systemd's own hierarchy matters.
own_cgroup() {
  local kind path place
  : >"$2"
  while IFS=: read -r _ kind path; do
    case $kind in
    '') place=$(findmnt -n -o TARGET -t cgroup2) ;;
    name=systemd) place=$(findmnt -n -o TARGET -t cgroup -O name=systemd) ;;
    *) continue ;;
    esac
    [[ -n "$place" ]] || continue
    place=${place%%$'\n'*}
    [[ -d "$place$path" ]] || path=
    place=${place%/}${path%/}/$1
    mkdir -p "$place" && echo "$BASHPID" >"$place/cgroup.procs" && echo "$place" >>"$2"
  done </proc/self/cgroup
}

# drop_cgroups FILE: remove the groups noted there, once nobody is in them any more. One that stays is used again.
drop_cgroups() {
  local place
  [[ -e "$1" ]] || return 0
  while read -r place; do
    for _ in {1..20}; do
      [[ ! -d "$place" ]] || find "$place" -depth -type d -exec rmdir {} + 2>/dev/null || true
      [[ -d "$place" ]] || break
      sleep 0.1
    done
  done <"$1"
  rm -f "$1"
}
