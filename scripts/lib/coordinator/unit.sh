# shellcheck shell=bash
# The unit that tells the mail servers once more what one of them told the others (lib/coordinator/repeat.py).

# Its user exists only while it runs, and gets the password from systemd.
repeat_is_up() {
  local digest
  digest=$(in_python lib/coordinator/place.py)
  # shellcheck disable=SC2034  # program_runs reads it
  CHANGED=0
  put /etc/stalwart-cluster/coordinator.password 0600 root:root <<<"$NATS_PASSWORD"
  put /etc/systemd/system/stalwart-repeat.service 0644 root:root <<UNIT
# Programs $digest
[Unit]
Description=Tells the mail servers once more what one of them told the others
Wants=network-online.target
After=network-online.target nats-server.service
StartLimitIntervalSec=0

[Service]
DynamicUser=yes
LoadCredential=password:/etc/stalwart-cluster/coordinator.password
Environment=NODE=$NODE ADDRESS=$ADDRESS
ExecStart=/usr/bin/python3 -B /usr/local/lib/stalwart-cluster/repeat
SyslogIdentifier=stalwart-repeat
Restart=always
RestartSec=1
$(confined)

[Install]
WantedBy=multi-user.target
UNIT
  program_runs stalwart-repeat
}
