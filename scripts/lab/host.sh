#!/usr/bin/env bash
# One lab host on this machine: `up` makes and boots it, `start` boots it again, `down` removes it and all it held.
: "${LAB:?name of the lab}"
: "${LAB_NETWORK:?network of the lab, e.g. 10.77.0.0/24}"
: "${LAB_DEBIAN:?12 or 13}"
: "${NODE:?name of the node}"
: "${LAB_ADDRESS:?address of the host}"
: "${LAB_AUTHORIZED_KEY:?public key that may log in as root}"
: "${LAB_HOST_KEY:?private ed25519 key for SSH on the host}"
source lib/common.sh
source lib/lab/names.sh
source lib/lab/base.sh
source lib/lab/cgroup.sh
source lib/lab/host.sh
source lib/lab/tree.sh

lab_need_root
home=$LAB_HOME/$LAB/$NODE
case ${1:-} in
up)
  host_is_up "$home"
  ;;
down)
  remove_host "$home"
  rmdir "$LAB_HOME/$LAB" 2>/dev/null || true
  ;;
*) die "unknown action ${1:-}" "up or down" ;;
esac
