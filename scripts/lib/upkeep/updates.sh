# shellcheck shell=bash
# Debian's unattended updates: security only, never a reboot or a restart of ours by themselves, no two nodes at once.

APT_SETTINGS=/etc/apt/apt.conf.d/52stalwart-cluster
TIMER=/etc/systemd/system/apt-daily-upgrade.timer.d/stalwart-cluster.conf
NEEDRESTART=/etc/needrestart/conf.d/stalwart-cluster.conf

PACKAGE_UNIT=/etc/systemd/system/stalwart-cluster-updates.service
PACKAGE_TIMER=${PACKAGE_UNIT%.service}.timer

write_update_settings() {
  # Half a minute of apt for a dozen packages of Python that mail does not need. So nobody waits for it: it is begun some
  # minutes later, and made sure of at each boot and before each day's updates. The lock is that of lib/apt.sh.
  put "$PACKAGE_UNIT" 0644 root:root <<'UNIT'
[Unit]
Description=Installs unattended-upgrades where it is missing
Wants=network-online.target
After=network-online.target
Before=apt-daily-upgrade.service

[Service]
Type=oneshot
Environment=DEBIAN_FRONTEND=noninteractive
# Not by its program, which is there while the package is half installed.
ExecCondition=/bin/sh -c '! dpkg-query -W -f "$${Status}" unattended-upgrades 2>/dev/null | grep "ok installed" >/dev/null'
ExecStart=/usr/bin/flock -w 600 /run/stalwart-cluster.dpkg /bin/sh -c \
  'dpkg --force-confdef --force-confold --configure -a && apt-get -q update && \
  apt-get -q -y -o DPkg::Lock::Timeout=300 -o APT::Install-Recommends=false install unattended-upgrades'
SyslogIdentifier=stalwart-cluster-updates
TimeoutStartSec=1800
Nice=19
IOSchedulingClass=idle
Restart=on-failure
RestartSec=300

[Install]
WantedBy=apt-daily-upgrade.service
UNIT
  put "$PACKAGE_TIMER" 0644 root:root <<'UNIT'
[Unit]
Description=Installs unattended-upgrades where it is missing, when all else is done

[Timer]
OnActiveSec=2min
RandomizedDelaySec=1min

[Install]
WantedBy=timers.target
UNIT
  # Cleared first: lists in apt's settings grow by whatever else names them.
  put "$APT_SETTINGS" 0644 root:root <<'APT'
// Written by stalwart-cluster.
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
#clear Unattended-Upgrade::Allowed-Origins;
#clear Unattended-Upgrade::Origins-Pattern;
Unattended-Upgrade::Origins-Pattern { "origin=Debian,codename=${distro_codename}-security,label=Debian-Security"; };
Unattended-Upgrade::Package-Blacklist { "^foundationdb-"; };
Unattended-Upgrade::Automatic-Reboot "false";
Unattended-Upgrade::SyslogEnable "true";
APT
  mkdir -p "${TIMER%/*}" "${NEEDRESTART%/*}"
  # Debian's own spread is an hour by chance, in which two nodes may well meet, and after an outage all would begin at
  # once. A security update may restart the coordinator: never on two nodes together.
  put_timer "$TIMER" 0644 root:root <<UNIT
[Timer]
OnCalendar=
OnCalendar=*-*-* $INSTALL_AT:00 UTC
RandomizedDelaySec=0
AccuracySec=1s
Persistent=false
UNIT
  # Where it is installed, now or later.
  put "$NEEDRESTART" 0644 root:root <<'PERL'
# Written by stalwart-cluster: these are restarted in the turn of the node only.
$nrconf{override_rc}{qr(^(foundationdb|stalwart|stalwart-probe|nats-server)\.service$)} = 0;
PERL
}

remove_update_settings() {
  local file
  disable_units "${PACKAGE_TIMER##*/}" "${PACKAGE_UNIT##*/}"
  for file in "$PACKAGE_UNIT" "$PACKAGE_TIMER" "$APT_SETTINGS" "$TIMER" "$NEEDRESTART"; do
    [[ -e "$file" ]] || continue
    gone "$file"
    # shellcheck disable=SC2034  # read by the scripts that source this file
    CHANGED=1
    [[ "$file" != "$TIMER" ]] || OTHER_TIMES+=("$file")
  done
}

# Timers that were written go by their new times once they start again.
restart_timers() {
  local file unit
  for file in "${OTHER_TIMES[@]}"; do
    unit=$(basename "${file%.d/*}")
    ! systemctl is-active --quiet "$unit" || systemctl restart "$unit"
  done
}
