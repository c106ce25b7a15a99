#!/usr/bin/env bash
# The world outside of a lab: one host more, with an address that no node has. `up` makes and boots it and prints how it is
# reached; `serves`, once its name server answers, leads the lab's questions for names to it; `down` removes it.
# What runs on it is the matter of scripts/verify/world.sh.
: "${LAB:?name of the lab}"
: "${LAB_NETWORK:?network of the lab, e.g. 10.77.0.0/24}"
: "${LAB_DEBIAN:?12 or 13}"
: "${LAB_AUTHORIZED_KEY:?public key that may log in as root}"
source lib/common.sh
source lib/lab/names.sh
source lib/lab/base.sh
source lib/lab/cgroup.sh
source lib/lab/host.sh
source lib/lab/tree.sh
source lib/lab/resolver.sh
source lib/lab/world.sh

lab_need_root
export NODE=$LAB_WORLD
home=$LAB_HOME/$LAB/$NODE
case ${1:-} in
up)
  [[ -s "$LAB_HOME/$LAB/settings" ]] || die "there is no lab $LAB on this machine" "make it: make up"
  LAB_ADDRESS=$(lab_world_address "$LAB_NETWORK")
  mkdir -p "$home" && chmod 0700 "$home"
  [[ -s "$home/host_key" ]] || ssh-keygen -q -t ed25519 -N '' -C '' -f "$home/host_key"
  LAB_HOST_KEY=$(<"$home/host_key")
  host_is_up "$home"
  printf '{"address": "%s", "host_key": "%s", "resolvers": "%s"}\n' "$LAB_ADDRESS" \
    "$(cut -d' ' -f1,2 "$home/host_key.pub")" "$(lab_resolvers | tr '\n' ' ')"
  ;;
serves)
  touch "$home/serves"
  lead_names
  ;;
down)
  remove_world
  lead_names
  ;;
*) die "unknown action ${1:-}" "up, serves or down" ;;
esac
