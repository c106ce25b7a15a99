# shellcheck shell=bash
# The mail server's files on a host. Everything else it knows lies in the database.

write_files() {
  CHANGED=0
  put /etc/stalwart/config.json 0640 root:stalwart <<JSON
{
  "@type": "FoundationDb",
  "clusterFile": "/var/lib/stalwart/fdb.cluster",
  "machineId": "$NODE",
  "datacenterId": "$ZONE",
  "transactionTimeout": $TRANSACTION_TIMEOUT
}
JSON
  put /etc/stalwart/stalwart.env 0640 root:stalwart <<ENV
STALWART_HOSTNAME='$STALWART_HOSTNAME'
NATS_PASSWORD='$NATS_PASSWORD'
ENV
  write_wait_for_coordinator
  write_stalwart_unit
  ((CHANGED == 0)) || systemctl daemon-reload
}

# A server that finds no coordinator at its start runs without one until it starts again.
write_wait_for_coordinator() {
  put /usr/local/lib/stalwart-cluster/wait-for-coordinator 0755 root:root <<WAIT
#!/bin/bash
# Written by stalwart-cluster. Waits until a coordinator greets; gives up after 60 s, because mail without it is
# better than no mail.
greets() { timeout 2 bash -c "exec 3<>/dev/tcp/\${1%:*}/\${1#*:} && read -r -t 2 line <&3 && [[ \\\$line == INFO* ]]" 2>/dev/null; }
for ((second = 0; second < 60; second++)); do
  for address in $NATS_ADDRESSES; do
    greets "\$address" && exit 0
  done
  sleep 1
done
echo "no coordinator answered within 60 s: $NATS_ADDRESSES" >&2
exit 0
WAIT
}

write_stalwart_unit() {
  put /etc/systemd/system/stalwart.service 0644 root:root <<'UNIT'
[Unit]
Description=Stalwart
Wants=network-online.target
After=network-online.target foundationdb.service nats-server.service
Conflicts=postfix.service sendmail.service exim4.service
# Without its pointer to the store it would offer itself to be set up by anybody.
ConditionPathExists=/etc/stalwart/config.json
StartLimitIntervalSec=0

[Service]
Type=simple
User=stalwart
Group=stalwart
AmbientCapabilities=CAP_NET_BIND_SERVICE
EnvironmentFile=/etc/stalwart/stalwart.env
# There only while the first administrator is made.
EnvironmentFile=-/run/stalwart-cluster/recovery.env
ExecStartPre=/usr/local/lib/stalwart-cluster/wait-for-coordinator
# Last, so that little time passes until the server looks.
ExecStartPre=/usr/bin/python3 -B /usr/local/lib/stalwart-cluster/own-lease
ExecStart=/usr/local/bin/stalwart --config=/etc/stalwart/config.json
SyslogIdentifier=stalwart
LimitNOFILE=65536
KillMode=process
KillSignal=SIGINT
TimeoutStartSec=120
# Always: a start that finds the store wanting may end with exit code 0.
Restart=always
RestartSec=1
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=full
ProtectHome=yes

[Install]
WantedBy=multi-user.target
UNIT
}
