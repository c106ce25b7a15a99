"""From the names of a mail cluster to its records: how mail finds it, how receivers trust it, how programs set up."""

from collections.abc import Iterator
from itertools import chain

from components.dns.mta_sts import policy_id
from components.dns.names import MailNames, Record, RecordType

_SERVICES = {"_imaps": 993, "_submissions": 465, "_jmap": 443, "_caldavs": 443, "_carddavs": 443}
# Said aloud, so that programs do not try in clear text (RFC 6186).
_NOT_OFFERED = ("_imap", "_pop3", "_pop3s")
# What programs ask for below the domain of an address, to set themselves up.
_SETUP = ("autoconfig", "autodiscover", "ua-auto-config")

_Found = tuple[str, RecordType, object]


def records(names: MailNames) -> tuple[Record, ...]:
    """One record set per name and type, parents before children. A CNAME stands alone at its name."""
    of_domains = (_of_domain(names, domain) for domain in names.domains)
    found = list(chain(_addresses(names), _senders(names), _issuers(names), *of_domains))
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
    domains = dict.fromkeys(names.domains, f"v=spf1 a:{names.outgoing} {relay}-all")
    for name, text in (hosts | domains).items():
        yield name, "TXT", text


def _issuers(names: MailNames) -> Iterator[_Found]:
    """Authorities look upwards from a name, so the hostname needs its own only where no domain is above it."""
    covered = any(f".{names.hostname}".endswith(f".{domain}") for domain in names.domains)
    for name in names.domains if covered else (*names.domains, names.hostname):
        for issuer in names.caa:
            yield name, "CAA", f'0 issue "{issuer}"'


def _of_domain(names: MailNames, domain: str) -> Iterator[_Found]:
    for exchanger in sorted(names.exchangers):
        yield domain, "MX", f"10 {exchanger}."
    reports = f"rua=mailto:{names.reports}@{domain}"
    yield f"_dmarc.{domain}", "TXT", f"v=DMARC1; p={names.dmarc}; {reports}"
    yield f"_smtp._tls.{domain}", "TXT", f"v=TLSRPTv1; {reports}"
    if names.mta_sts != "none":
        yield f"_mta-sts.{domain}", "TXT", f"v=STSv1; id={policy_id(names)};"
    for selector, text in names.dkim.get(domain, ()):
        yield f"{selector}._domainkey.{domain}", "TXT", text
    yield from _services(names, domain)


def _services(names: MailNames, domain: str) -> Iterator[_Found]:
    offered = _SERVICES | ({"_sieve": 4190} if names.sieve else {}) | ({"_submission": 587} if names.submission else {})
    for service, port in offered.items():
        yield f"{service}._tcp.{domain}", "SRV", f"0 1 {port} {names.hostname}."
    for service in _NOT_OFFERED if names.submission else (*_NOT_OFFERED, "_submission"):
        yield f"{service}._tcp.{domain}", "SRV", "0 0 0 ."


def _aliases(names: MailNames, taken: set[str]) -> Iterator[_Found]:
    """Names that lead to the hostname. One that is something else too gets its addresses, unless it has its own."""
    labels = _SETUP if names.mta_sts == "none" else (*_SETUP, "mta-sts")
    for alias in (f"{label}.{domain}" for domain in names.domains for label in labels):
        if alias not in taken:
            yield alias, "CNAME", f"{names.hostname}."
        elif not names.addresses.get(alias):
            for address in names.addresses.get(names.hostname, ()):
                yield alias, address.type, address.value
