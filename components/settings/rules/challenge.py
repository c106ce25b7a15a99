"""Rules of the challenge by records: who writes them for the mail servers, by which key, into which zones."""

from collections.abc import Iterator
from ipaddress import ip_address

from components.settings.challenge import SECRET, Challenge, zones_of_names
from components.settings.dns import DnsProvider, DnsSettings
from components.settings.fields.source import OWN, PRIVATE
from components.settings.mail import MailSettings, default_domain, service_name
from components.settings.mistakes import Mistake, spell
from components.settings.names import with_aliases
from components.settings.rules.rule import Rules, Sound

_KEY = "mail.certificate_challenge"
_LABELS_OF_A_REGISTERED_NAME = 2


def _source(sound: Sound) -> Iterator[Mistake]:
    mail: MailSettings = sound["mail"]
    dns: DnsSettings = sound["dns"]
    if mail.certificate_challenge is not Challenge.DNS:
        return
    if mail.certificate in {PRIVATE, OWN}:
        yield Mistake(
            _KEY, f"with mail.certificate {mail.certificate} no authority looks at anything", "remove it, or ask one"
        )
    if dns.provider is DnsProvider.MANUAL:
        yield Mistake(
            _KEY,
            "dns needs records that the mail servers write, and with dns.provider manual nobody can",
            "take dns.provider hetzner or rfc2136, or tls_alpn",
        )


def _key(sound: Sound) -> Iterator[Mistake]:
    """The mail servers sign with a key of their own, if there is one; an API token is always given for them alone.

    Args:
        sound: `mail`, `dns`, and under `given` the keys that the stack file really has.
    """
    dns: DnsSettings = sound["dns"]
    by_records = sound["mail"].certificate_challenge is Challenge.DNS
    by_updates = by_records and dns.provider is DnsProvider.RFC2136
    if dns.challenge_tsig_name and not by_updates:
        yield Mistake(
            "dns.challenge_tsig_name", f"goes with dns.provider rfc2136 and {_KEY} dns", "remove it, or say both"
        )
    missing = SECRET not in sound["given"]
    if by_records and dns.provider is DnsProvider.HETZNER and missing:
        yield Mistake(
            SECRET,
            "is missing",
            "the mail servers keep an API token of the zones' project to write challenges: make one in Hetzner's"
            f" console, then: pulumi config set --secret {SECRET}",
        )
    if by_updates and dns.challenge_tsig_name and missing:
        yield Mistake(SECRET, "is missing", f"dns.challenge_tsig_name needs it: pulumi config set --secret {SECRET}")
    if by_updates and not dns.challenge_tsig_name and not missing:
        yield Mistake(SECRET, "is of which key? dns.challenge_tsig_name is missing", "name the key, or remove it")


def _server(sound: Sound) -> Iterator[Mistake]:
    dns: DnsSettings = sound["dns"]
    if sound["mail"].certificate_challenge is Challenge.DNS and dns.server:
        address, _ = dns.server_address
        if ip_address(address).is_loopback:
            yield Mistake(
                "dns.server",
                f"the mail servers write challenges to it too, and {address} is each host itself",
                "give the address by which the nodes reach it",
            )


def _zones(sound: Sound) -> Iterator[Mistake]:
    """The mail server writes all challenges of a domain into one zone, or each into that of its registered name.

    It goes by the list of public suffixes; here only what is sure without it is let pass.
    Source: crates/common/src/network/acme/order.rs.
    """
    mail: MailSettings = sound["mail"]
    dns: DnsSettings = sound["dns"]
    if mail.certificate_challenge is not Challenge.DNS or dns.provider is DnsProvider.MANUAL:
        return
    domains = sound["domains"]
    default, hostname = default_domain(mail, domains), service_name(mail, domains)
    for domain, zones in zones_of_names(dns.zones or with_aliases(domains), domains, default, hostname).items():
        inner = [zone for zone in zones if len(zone.split(".")) != _LABELS_OF_A_REGISTERED_NAME]
        if len(zones) > 1 and inner:
            yield Mistake(
                spell(("domains", domain)),
                f"its certificate has names in the zones {', '.join(zones)}, and the mail servers write challenges"
                f" either into one zone or into those of registered names such as example.org, which {inner[0]} is not",
                "make aliases in another zone domains of their own, or take mail.certificate_challenge tls_alpn",
            )


RULES: Rules = (
    (("mail", "dns"), _source),
    (("mail", "dns"), _key),
    (("mail", "dns"), _server),
    (("mail", "dns", "domains"), _zones),
)
