"""What a plan is worth a word before anything is made: warnings with their reason, none of which stops a run."""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from components.foundationdb import redundancy
from components.settings import Challenge, Dmarc, DnsProvider, FrontKind, Platform, Settings
from components.settings.encryption.warnings import warnings
from components.settings.names import with_aliases
from components.topology import Plan

# Stacks whose loss somebody would notice.
_SERIOUS = ("prod", "live")

# A process of the database asks for 4 GiB, the mail server and the system for as much again. Source: FoundationDB's
# documentation, System requirements. Hetzner's types below that, by their names.
_SMALL_TYPES = frozenset({"cx23", "cpx12", "cpx22", "cax11"})
_ARM = "cax"

_DONE = {Dmarc.QUARANTINE: "put aside", Dmarc.REJECT: "refused"}

_CLOSED_AT_HETZNER = frozenset({25, 465})


def advice(settings: Settings, plan: Plan, stack: str) -> Iterator[str]:
    """The warnings for a plan, each a sentence with what follows from it."""
    yield from _tolerance(plan)
    yield from _exposure(plan)
    if settings.platform is Platform.HETZNER:
        yield from _locations(plan)
        yield from _servers(settings, plan)
        if any(word in stack for word in _SERIOUS):
            yield from _safety(settings)
        yield from _front(settings, plan)
    yield from _authority(settings)
    yield from _relay(settings)
    yield from _senders(plan)
    yield from _aliases(settings)
    yield from _hostname(settings)
    yield from _reports(settings)
    yield from warnings(settings)


def first_policy(settings: Settings, domain: str) -> str | None:
    """What to say of a domain that is new and has a strict policy; nothing where it has none.

    Nobody knows on the first day what else sends in its name: a news letter, a shop, a printer.
    """
    policy = settings.domains[domain].dmarc or settings.dns.dmarc
    if policy is Dmarc.NONE:
        return None
    return (
        f"{domain} is new here and begins with dmarc {policy}: mail of yours that SPF and DKIM do not cover yet is"
        f" {_DONE[policy]} from the first day. Begin with none, read the reports for two weeks, then quarantine, then"
        " reject."
    )


def _hostname(settings: Settings) -> Iterator[str]:
    """The service under the name of a mail domain: its addresses and authorities are the mail servers' then."""
    hostname = settings.hostname
    if hostname in with_aliases(settings.domains):
        yield (
            f"mail.hostname is the mail domain {hostname} itself: its address records lead to the mail servers, so its"
            " web site can be nowhere else, and CAA lets only the mail servers' authority certify it. A name below it,"
            f" as mail.{hostname}, leaves both alone."
        )


def _reports(settings: Settings) -> Iterator[str]:
    """Receivers ask the domain of an address whether it wants the reports of another one (RFC 7489, 7.1)."""
    _, elsewhere, domain = settings.dns.dmarc_reports.rpartition("@")
    names = with_aliases(settings.domains)
    if elsewhere and domain not in names:
        yield (
            f"dns.dmarc_reports {settings.dns.dmarc_reports} is in a domain of somebody else: receivers send reports"
            f' there only where it publishes {names[0]}._report._dmarc.{domain} TXT "v=DMARC1", and so for each domain.'
        )


def _senders(plan: Plan) -> Iterator[str]:
    """Mail that cannot leave waits; after three days it comes back."""
    zones = {node.zone for node in plan.sending_nodes}
    if len(plan.sending_nodes) < len(plan.mail_nodes) and len(zones) <= plan.wanted_tolerance:
        names = ", ".join(node.name for node in plan.sending_nodes)
        yield (
            f"mail leaves only by {names}, in {len(zones)} of {len(plan.one_per_zone)} failure zones, of which"
            f" {plan.wanted_tolerance} may fail: without them mail to others waits, and comes back after three days."
            " Let a node of another zone send too."
        )


def _aliases(settings: Settings) -> Iterator[str]:
    """The server signs for an alias in the name of its domain, so receivers that go by DMARC look at SPF alone."""
    for name, section in settings.domains.items():
        policy = section.dmarc or settings.dns.dmarc
        if section.aliases and policy is not Dmarc.NONE:
            yield (
                f"mail written from {', '.join(section.aliases)} is signed in the name of {name}: once forwarded it"
                f" fails DMARC, whose policy is {policy}. Make a name that people write from a domain of its own."
            )


def promise(plan: Plan) -> str:
    """What the cluster will survive, in a sentence: zones, and locations where nodes have them."""
    survivable, zones = plan.expected_tolerance.survivable, len(plan.one_per_zone)
    said = f"survives the loss of any {survivable} of {zones} failure zones" if survivable else "survives no loss"
    locations = len({node.location for node in plan.nodes})
    match survives_location(plan):
        case None:
            return said
        case True:
            return f"{said}, and of any one of {locations} locations"
        case _:
            return f"{said}, but not of every location"


def survives_location(plan: Plan) -> bool | None:
    """Whether the loss of any one location leaves data and service; None where nodes have no location."""
    locations = {node.location for node in plan.nodes}
    if None in locations:
        return None
    return all(_survives(plan, str(location)) for location in locations)


def _survives(plan: Plan, location: str) -> bool:
    left = [node for node in plan.nodes if node.location != location]
    quorum = sum(node.location != location for node in plan.coordinators) > len(plan.coordinators) / 2
    zones_left = {node.zone for node in left}
    lost = {node.zone for node in plan.nodes} - zones_left
    copies = redundancy.redundancy(len(plan.one_per_zone)).copies
    return quorum and len(zones_left) >= copies and len(lost) < copies and any(node.mail for node in left)


def _tolerance(plan: Plan) -> Iterator[str]:
    if plan.expected_tolerance.survivable == 0:
        yield (
            f"{len(plan.one_per_zone)} failure zones survive the loss of none: with any of them mail or service is"
            " lost. Three zones survive one."
        )


def _exposure(plan: Plan) -> Iterator[str]:
    if open_ones := [node.name for node in plan.nodes if ip_address(node.address).is_global]:
        yield (
            f"{', '.join(open_ones)} have a public address as `address`: who reaches the database there reads and"
            " deletes all mail, no password asked. Take a private network, or close all ports but those of mail and SSH"
            " before the hosts."
        )


def _locations(plan: Plan) -> Iterator[str]:
    locations = sorted({str(node.location) for node in plan.nodes})
    if len(locations) == 1 and len(plan.nodes) > 1:
        yield f"all nodes stand in {locations[0]}: with that location everything is lost. Spread them over three."
    elif survives_location(plan) is False:
        lost = [location for location in locations if not _survives(plan, location)]
        yield f"the loss of {' or '.join(lost)} stops the cluster; three locations with a node each survive any one."


def _servers(settings: Settings, plan: Plan) -> Iterator[str]:
    types = {node.name: settings.nodes[node.name].type or settings.hetzner.type for node in plan.nodes}
    if small := sorted(name for name, kind in types.items() if kind in _SMALL_TYPES):
        yield f"{', '.join(small)} have less memory than database and mail server ask for: 8 GiB is usual."
    families = {kind.startswith(_ARM) for kind in types.values()}
    if len(families) > 1 and settings.mirror and not settings.mirror.startswith(("http://", "https://")):
        yield "the nodes are of both architectures: the mirror must hold the packages of both."


def _safety(settings: Settings) -> Iterator[str]:
    hetzner = settings.hetzner
    if not hetzner.protection:
        yield "hetzner.protection is off: one wrong word removes a server with all that it holds."
    if not hetzner.backups:
        yield "hetzner.backups is off: what a person deletes by mistake is gone on every node at once."


def _front(settings: Settings, plan: Plan) -> Iterator[str]:
    if settings.front.kind is FrontKind.DNS and len(plan.front_nodes) == 1 and len(plan.mail_nodes) > 1:
        yield f"only {plan.front_nodes[0].name} is in the front: with it the mail is out of reach."


def _authority(settings: Settings) -> Iterator[str]:
    if settings.authority and settings.dns.provider is DnsProvider.MANUAL:
        host = urlsplit(settings.authority).hostname
        yield (
            f"mail.certificate asks {host} once all names lead to the cluster, and entering the records is left to you:"
            " until then the stack's own certificate stands in. When `make dns-check` finds everything right, run"
            " `pulumi up` again."
        )
    by_records = settings.mail.certificate_challenge is Challenge.DNS
    if by_records and settings.dns.provider is DnsProvider.HETZNER and settings.platform is Platform.HETZNER:
        yield (
            "mail.certificate_challenge dns: the mail servers keep the API token of dns_challenge_secret in the"
            " database, and it is good for the servers of this stack too, where their project has the zones. With"
            " tls_alpn they need none."
        )


def _relay(settings: Settings) -> Iterator[str]:
    relay = settings.mail.relay
    if relay is None:
        return
    if relay.spf_include is None:
        yield (
            f"mail leaves through {relay.host}, and mail.relay.spf_include names no SPF record of its addresses: unless"
            " it puts a name of its own into the envelope, receivers take your mail for forged."
        )
    # Source: Hetzner's docs, Cloud, Servers, FAQ: ports 25 and 465 are closed to the outside until asked for.
    if settings.platform is Platform.HETZNER and relay.at in _CLOSED_AT_HETZNER:
        yield f"Hetzner keeps port {relay.at} closed for new accounts; port 587 with starttls is open."
