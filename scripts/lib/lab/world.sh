# shellcheck shell=bash
# The world outside goes with the lab.

remove_world() {
  local home=$LAB_HOME/$LAB/$LAB_WORLD
  [[ -d "$home" ]] || return 0
  NODE=$LAB_WORLD remove_host "$home"
}
