# shellcheck shell=bash
# The name server of the world outside: BIND, which answers for the zones here and asks the machine's resolver for others.

WORLD=world.test
KEYS=/etc/verify

# Signing keys of the outside domain, RSA and Ed25519, in the forms that dkimpy reads.
signing_keys() {
  install -d -m 0700 "$KEYS"
  [[ -s "$KEYS/rsa" ]] || openssl genrsa -out "$KEYS/rsa" 2048 2>/dev/null
  [[ -s "$KEYS/ed25519.pem" ]] || openssl genpkey -algorithm ed25519 -out "$KEYS/ed25519.pem"
  openssl pkey -in "$KEYS/ed25519.pem" -outform DER | tail -c 32 | base64 >"$KEYS/ed25519"
}

name_server() {
  install -d -m 0755 /etc/bind/zones
  rm -f /etc/bind/zones/*
  soa=$(printf '@ 60 IN SOA ns.%s. hostmaster.%s. %d 60 30 604800 1\n@ 60 IN NS ns.%s.' "$WORLD" "$WORLD" "$(date +%s)" "$WORLD")
  own_zone >"/etc/bind/zones/$WORLD"
  SOA=$soa in_python lib/verify/zones.py /etc/bind/zones
  {
    printf 'options {\n  directory "/var/cache/bind"; listen-on { any; }; listen-on-v6 { none; };\n'
    printf '  allow-query { any; }; allow-recursion { 127.0.0.0/8; %s; }; recursion yes;\n' "$NETWORK"
    # Signatures are asked of the resolver behind, and not checked here: the zones of a lab have none.
    printf '  dnssec-validation no; empty-zones-enable no;\n'
    # shellcheck disable=SC2086  # a list of addresses
    [[ -z "${RESOLVERS// /}" ]] || printf '  forward only; forwarders { %s };\n' "$(printf '%s; ' $RESOLVERS)"
    printf '};\n'
  } | put /etc/bind/named.conf.options 0644 root:root
  for zone in /etc/bind/zones/*; do
    printf 'zone "%s" { type primary; file "%s"; };\n' "${zone##*/}" "$zone"
  done | put /etc/bind/named.conf.local 0644 root:root
  named-checkconf -z /etc/bind/named.conf >/tmp/named-checkconf 2>&1 || die "the name server refuses its zones: $(grep -v 'loaded serial' /tmp/named-checkconf | tr '\n' ' ')"
  systemctl -q enable named
  systemctl restart named
  printf 'nameserver 127.0.0.1\n' >/etc/resolv.conf
  wait_for 20 "the name server to answer" knows "$WORLD"
}

knows() { getent ahostsv4 "mail.$1" | grep -F "$ADDRESS" >/dev/null; }

own_zone() {
  # shellcheck disable=SC2016,SC2154  # a directive of zone files; set above
  printf '$TTL 60\n$ORIGIN %s.\n%s\n' "$WORLD" "$soa"
  printf 'ns A %s\nmail A %s\n@ MX 10 mail\n' "$ADDRESS" "$ADDRESS"
  printf '@ TXT "v=spf1 ip4:%s -all"\nmail TXT "v=spf1 a -all"\n_dmarc TXT "v=DMARC1; p=reject; adkim=s; aspf=s"\n' "$ADDRESS"
  printf 'rsa._domainkey TXT %s\n' "$(key_record rsa "$(openssl pkey -in "$KEYS/rsa" -pubout -outform DER | base64 -w0)")"
  printf 'ed25519._domainkey TXT %s\n' "$(key_record ed25519 "$(openssl pkey -in "$KEYS/ed25519.pem" -pubout -outform DER | tail -c 32 | base64 -w0)")"
  # A domain that forbids to send in its name.
  printf 'strict MX 10 mail\nstrict TXT "v=spf1 -all"\n_dmarc.strict TXT "v=DMARC1; p=reject; adkim=s; aspf=s"\n'
}

# Strings of a record have at most 255 characters.
key_record() { printf 'v=DKIM1; k=%s; h=sha256; p=%s' "$1" "$2" | fold -w 250 | sed 's/.*/"&"/' | tr '\n' ' '; }
