# shellcheck shell=bash
# What this host does for the disks of others: it answers who asks for its part of their keys (tang).

# serve_keys: let it answer on the private address, and only there.
serve_keys() {
  install_packages tang jose
  mkdir -p /etc/systemd/system/tangd.socket.d
  CHANGED=0
  put /etc/systemd/system/tangd.socket.d/stalwart-cluster.conf 0644 root:root <<SOCKET
[Socket]
ListenStream=
ListenStream=$ADDRESS:$TANG_PORT
FreeBind=yes
SOCKET
  if ((CHANGED)) || ! systemctl is-active --quiet tangd.socket; then
    systemctl daemon-reload
    systemctl enable --quiet tangd.socket
    systemctl restart tangd.socket || die "the keys for other nodes' disks cannot be served on $ADDRESS:$TANG_PORT" "is the port in use? ss -ltnp"
  fi
}

# The thumbprint of the key that it signs its answers with. By it other nodes know it again, whoever answers.
own_thumbprint() {
  curl -fsS --max-time 10 "http://$ADDRESS:$TANG_PORT/adv" |
    jose fmt -j- -g payload -y -o- | jose jwk use -i- -r -u verify -o- | jose jwk thp -i- -a S256 | first_line
}
