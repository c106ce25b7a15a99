"""From the names of a mail cluster to its records: how mail finds it, how receivers trust it, how programs set up."""

from collections.abc import Iterator
from itertools import chain

from components.dns.mta_sts import policy_id
from components.dns.names import MailDomain, MailNames, Record, RecordType

_SERVICES = {"_imaps": 993, "_submissions": 465, "_jmap": 443, "_caldavs": 443, "_carddavs": 443}
_BY_CHOICE = {"_sieve": 4190, "_submission": 587}
# Said aloud, so that programs do not try in clear text (RFC 6186).
_NOT_OFFERED = ("_imap", "_pop3", "_pop3s")
# What programs ask for below the domain of an address, to set themselves up.
_SETUP = ("autoconfig", "autodiscover", "ua-auto-config")
# Where the public key of the mail servers is told in a signed zone (RFC 7672, RFC 7673).
_KEY_PORTS = (465, 993)
_SMTP = 25

_Found = tuple[str, RecordType, object]


def records(names: MailNames) -> tuple[Record, ...]:
    """One record set per name and type, parents before children. A CNAME stands alone at its name."""
    of_domains = (_of_domain(names, domain) for domain in names.domains)
    found = list(chain(_addresses(names), _senders(names), _issuers(names), _keys(names), _reports(names), *of_domains))
    found += _aliases(names, {name for name, _, _ in found})
    # A dict of keys is a set that keeps its order: addresses need not be comparable.
    sets: dict[tuple[str, RecordType], dict[object, None]] = {}
    for name, kind, value in found:
        sets.setdefault((name, kind), {})[value] = None
    made = (Record(name=name, type=kind, ttl=names.ttl, values=tuple(values)) for (name, kind), values in sets.items())
    return tuple(sorted(made, key=lambda record: (record.name.split(".")[::-1], record.type)))


def _addresses(names: MailNames) -> Iterator[_Found]:
    for name, addresses in names.addresses.items():
        for address in addresses:
            yield name, address.type, address.value


def _senders(names: MailNames) -> Iterator[_Found]:
    """SPF: of the domains, and of the names that servers greet with. Receivers take two at one name for none."""
    hosts = dict.fromkeys([names.outgoing, names.hostname, *names.exchangers], "v=spf1 a -all")
    # Both: what is on its way when a relay is taken or left still comes from the other.
    relay = f"include:{names.relay_spf} " if names.relay_spf else ""
    domains = {domain.name: f"v=spf1 a:{names.outgoing} {relay}-all" for domain in names.domains}
    for name, text in (hosts | domains).items():
        yield name, "TXT", text


def _issuers(names: MailNames) -> Iterator[_Found]:
    """At the service's name: the exchangers are below it, the names for programs are aliases of it, and authorities
    look at both so (RFC 8659, 3). At a domain itself it would forbid the certificates of its web site.
    """
    for issuer in names.caa:
        yield names.hostname, "CAA", f'0 issue "{issuer}"'


def _keys(names: MailNames) -> Iterator[_Found]:
    """The public keys of the mail servers: certificates are theirs by the key, whoever signed them (DANE-EE, SPKI)."""
    places = [(exchanger, _SMTP) for exchanger in names.exchangers]
    for name, port in [*places, *((names.hostname, port) for port in _KEY_PORTS)]:
        for key in names.keys:
            yield f"_{port}._tcp.{name}", "TLSA", key


def _of_domain(names: MailNames, domain: MailDomain) -> Iterator[_Found]:
    name = domain.name
    for exchanger in sorted(names.exchangers):
        yield name, "MX", f"10 {exchanger}."
    reports = f"rua=mailto:{names.reports if '@' in names.reports else f'{names.reports}@{name}'}"
    yield f"_dmarc.{name}", "TXT", f"v=DMARC1; p={domain.dmarc}; {reports}"
    yield f"_smtp._tls.{name}", "TXT", f"v=TLSRPTv1; {reports}"
    if names.mta_sts != "none":
        yield f"_mta-sts.{name}", "TXT", f"v=STSv1; id={policy_id(names.mta_sts, names.exchangers)};"
    for selector, text in domain.dkim:
        yield f"{selector}._domainkey.{name}", "TXT", text
    if names.setup is not None:
        yield f"_ua-auto-config.{name}", "TXT", names.setup
    yield from _services(names, name)


def _reports(names: MailNames) -> Iterator[_Found]:
    """That a domain takes the reports of others: receivers ask before they send them there (RFC 7489, 7.1)."""
    receiver = names.reports.rpartition("@")[2]
    domains = [domain.name for domain in names.domains]
    for domain in domains if "@" in names.reports and receiver in domains else ():
        if domain != receiver:
            yield f"{domain}._report._dmarc.{receiver}", "TXT", "v=DMARC1"


def _services(names: MailNames, domain: str) -> Iterator[_Found]:
    chosen = {"_sieve": names.sieve, "_submission": names.submission}
    offered = _SERVICES | {service: _BY_CHOICE[service] for service, wanted in chosen.items() if wanted}
    for service, port in offered.items():
        yield f"{service}._tcp.{domain}", "SRV", f"0 1 {port} {names.hostname}."
    for service in (*_NOT_OFFERED, *(service for service, wanted in chosen.items() if not wanted)):
        yield f"{service}._tcp.{domain}", "SRV", "0 0 0 ."


def _aliases(names: MailNames, taken: set[str]) -> Iterator[_Found]:
    """Names that lead to the hostname. One that is something else too gets its addresses, unless it has its own."""
    labels = _SETUP if names.mta_sts == "none" else (*_SETUP, "mta-sts")
    for alias in (f"{label}.{domain.name}" for domain in names.domains for label in labels):
        if alias not in taken:
            yield alias, "CNAME", f"{names.hostname}."
        elif not names.addresses.get(alias):
            for address in names.addresses.get(names.hostname, ()):
                yield alias, address.type, address.value
