# shellcheck shell=bash
# Programs of ours that run as units of their own.

# confined: lines of the section [Service] of a program that needs the network and nothing else of the host.
confined() {
  cat <<'LINES'
CapabilityBoundingSet=
LockPersonality=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectHome=yes
ProtectSystem=strict
RestrictAddressFamilies=AF_INET AF_INET6
SystemCallArchitectures=native
LINES
}

# program_runs UNIT: now and after a boot; anew where CHANGED says that its files were written.
program_runs() {
  ((CHANGED == 0)) || systemctl daemon-reload
  [[ "$(systemctl is-enabled "$1" 2>/dev/null)" == enabled ]] || systemctl enable --quiet "$1"
  if ((CHANGED)) && systemctl is-active --quiet "$1"; then
    systemctl restart "$1"
  else
    systemctl start "$1"
  fi
}
