#!/usr/bin/env bash
# Configure and start NATS on a host, and what repeats its messages. The package is there already, never started with its
# open defaults.
: "${NODE:?name of the node}"
: "${ADDRESS:?private address of the host}"
: "${NATS_PEERS:?addresses of all NATS hosts, this one among them}"
: "${NATS_PASSWORD:?password of the clients and of the routes}"
source lib/common.sh
source lib/program.sh
source lib/coordinator/unit.sh

# The mail server publishes to and listens on one subject only.
configuration() {
  local peer routes=''
  for peer in $NATS_PEERS; do
    [[ "$peer" == "$ADDRESS" ]] || routes+="    nats-route://routes:$NATS_PASSWORD@$peer:6222"$'\n'
  done
  cat <<CONF
# Written by stalwart-cluster.
server_name: $NODE
listen: $ADDRESS:4222
max_payload: 8MB
authorization {
  users = [
    {
      user: stalwart, password: "$NATS_PASSWORD"
      permissions: { publish: ["stwt.>", "_INBOX.>"], subscribe: ["stwt.>", "_INBOX.>"] }
    }
  ]
}
cluster {
  name: stalwart-cluster
  listen: $ADDRESS:6222
  authorization { user: routes, password: "$NATS_PASSWORD", timeout: 5 }
  routes = [
$routes  ]
}
CONF
}

greets() { timeout 2 bash -c "exec 3<>/dev/tcp/$1/$2 && read -r -t 2 line <&3 && [[ \$line == INFO* ]]" 2>/dev/null; }

unit_user=$(systemctl show -P User nats-server)
[[ -n "$unit_user" ]] || die "the package nats-server is missing" "run the same command again: preparing the host installs it"

# Other peers and another password are taken up by a running server that keeps its clients.
CHANGED=0
put /etc/nats-server.conf 0640 "root:$(id -gn "$unit_user")" < <(configuration)
other_settings=$CHANGED CHANGED=0
mkdir -p /etc/systemd/system/nats-server.service.d
put /etc/systemd/system/nats-server.service.d/stalwart-cluster.conf 0644 root:root <<'UNIT'
[Unit]
Wants=network-online.target
After=network-online.target
# It binds to a private address, which may come up late: try for as long as it takes.
StartLimitIntervalSec=0

[Service]
Restart=always
RestartSec=1
UNIT
((CHANGED == 0)) || systemctl daemon-reload
[[ "$(systemctl is-enabled nats-server 2>/dev/null)" == enabled ]] || systemctl enable --quiet nats-server
if ! systemctl is-active --quiet nats-server; then
  systemctl start nats-server
elif ((other_settings)); then
  systemctl reload nats-server
fi
wait_for 30 "NATS to answer on $ADDRESS:4222" greets "$ADDRESS" 4222
repeat_is_up
