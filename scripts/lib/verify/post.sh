# shellcheck shell=bash
# The mail server of the world outside: Postfix as Debian has it, with one mailbox for a person.

PERSON=person

mail_server() {
  id "$PERSON" >/dev/null 2>&1 || adduser --quiet --disabled-password --gecos '' "$PERSON" >&2
  [[ -s "$KEYS/tls.pem" ]] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
    -subj "/CN=mail.$WORLD" -addext "subjectAltName=DNS:mail.$WORLD" -addext basicConstraints=critical,CA:FALSE -keyout "$KEYS/tls.key" -out "$KEYS/tls.pem" 2>/dev/null
  printf '%s\n' "$WORLD" | put /etc/mailname 0644 root:root
  put /etc/postfix/main.cf 0644 root:root <<MAIN
compatibility_level = 3.6
myhostname = mail.$WORLD
mydomain = $WORLD
myorigin = $WORLD
mydestination = $WORLD, mail.$WORLD, localhost
inet_interfaces = all
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
home_mailbox = Maildir/
recipient_delimiter = +
biff = no
# TLS with whoever offers it, and a note of it in the message.
smtp_tls_security_level = may
smtp_tls_loglevel = 1
smtpd_tls_security_level = may
smtpd_tls_cert_file = $KEYS/tls.pem
smtpd_tls_key_file = $KEYS/tls.key
smtpd_tls_received_header = yes
# A hop that is refused for the moment is tried again within the patience of a check.
queue_run_delay = 5s
minimal_backoff_time = 5s
maximal_backoff_time = 20s
# The mail servers count connections per second.
default_process_limit = 20
smtp_destination_concurrency_limit = 2
# A message may say which exchanger it goes through.
header_checks = regexp:/etc/postfix/header_checks
MAIN
  # shellcheck disable=SC2016  # Postfix fills it in
  printf '/^X-Verify-Through: (\S+)$/ FILTER smtp:[$1]:25\n' | put /etc/postfix/header_checks 0644 root:root
  systemctl -q enable postfix
  # Postfix copies the resolver's file when it starts.
  systemctl restart postfix
  wait_for 20 "the mail server to answer" greets
}

# shellcheck disable=SC2016  # the inner shell fills it in
greets() { timeout 3 bash -c 'exec 3<>/dev/tcp/127.0.0.1/25 && read -r -t 3 line <&3 && [[ $line == "220 "* ]]' 2>/dev/null; }
