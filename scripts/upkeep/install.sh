#!/usr/bin/env bash
# What keeps a host up to date and reboots it in its turn: the program and its units, and Debian's unattended updates.
# A second run changes nothing.
: "${NODE:?name of the node}"
: "${SECURITY?yes: security updates install themselves; empty: they do not}"
: "${RENEW?yes: a reboot or restart that an update asks for comes by itself, in turn; empty: never}"
: "${INSTALL_AT:?when updates are installed, hh:mm in UTC, no two nodes at once}"
: "${RENEW_AT:?when is looked whether they ask for a reboot, hh:mm in UTC}"
source lib/common.sh
source lib/upkeep/units.sh
source lib/upkeep/updates.sh

CHANGED=0
wanted=(stalwart-cluster-back.service)
in_python lib/upkeep/install.py
write_reboot_units
write_renew_units
if [[ -n "$RENEW" ]]; then wanted+=("$RENEW_TIMER"); else disable_units "$RENEW_TIMER"; fi
if [[ -n "$SECURITY" ]]; then
  write_update_settings
  wanted+=("${PACKAGE_UNIT##*/}" "${PACKAGE_TIMER##*/}")
else
  remove_update_settings
fi
((CHANGED == 0)) || systemctl daemon-reload
restart_timers
enable_units "${wanted[@]}"
