"""Rules of the records: who may write them, and what receivers would not believe of them."""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_network

from components.settings.dns import DnsProvider, DnsSettings, MtaSts
from components.settings.fields.source import PRIVATE
from components.settings.mistakes import Mistake, spell
from components.settings.model import Platform
from components.settings.names import nearest, with_aliases
from components.settings.node import NodeSettings, Role
from components.settings.rules.rule import Rules, Sound

TSIG_SECRET = "dns_tsig_secret"  # noqa: S105  # the name of the key, not what it holds

# Of nobody in the world, and so of everybody at home (RFC 1918, 6598, 3927, 4193, 4291).
_AT_HOME = tuple(
    ip_network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16")
)
_AT_HOME_6 = tuple(ip_network(network) for network in ("fc00::/7", "fe80::/10"))
# Ends of names that no name server of the world answers for (RFC 6761, 6762, 8375, and ICANN for `internal`).
_OWN_NAMES = ("test", "local", "internal", "home.arpa", "lan", "localdomain", "corp", "home")


def _zones(sound: Sound) -> Iterator[Mistake]:
    dns: DnsSettings = sound["dns"]
    if dns.provider is DnsProvider.MANUAL:
        if dns.zones:
            yield Mistake("dns.zones", "goes with dns.provider hetzner or rfc2136", "remove it")
        return
    if dns.provider is DnsProvider.HETZNER and sound["platform"] is Platform.LAB:
        yield Mistake("dns.provider", "the names of a lab lead nowhere for the world", "take manual")
    names, hostname = with_aliases(sound["domains"]), sound["mail"].hostname
    zones = frozenset(dns.zones or names)
    place = "at Hetzner DNS" if dns.provider is DnsProvider.HETZNER else "of your name server"
    for name in dict.fromkeys((*names, hostname) if hostname else names):
        if nearest(zones, name) is None:
            yield Mistake("dns.zones", f"none of them holds {name}", f"add the zone {place} that does")


def _updates(sound: Sound) -> Iterator[Mistake]:
    """What signed updates need, and nobody else uses.

    Args:
        sound: `dns`, and under `given` the keys that the stack file really has.
    """
    dns: DnsSettings = sound["dns"]
    here = {
        "dns.server": dns.server,
        "dns.tsig_name": dns.tsig_name,
        TSIG_SECRET: TSIG_SECRET in sound["given"] or None,
    }
    for key, value in here.items():
        if dns.provider is DnsProvider.RFC2136 and value is None:
            remedy = f"pulumi config set --secret {key}" if key == TSIG_SECRET else "your name server has it"
            yield Mistake(key, "is missing", f"dns.provider rfc2136 signs its updates: {remedy}")
        elif dns.provider is not DnsProvider.RFC2136 and value is not None and key != TSIG_SECRET:
            yield Mistake(key, "goes with dns.provider rfc2136", "remove it, or take that provider")


def _senders(sound: Sound) -> Iterator[Mistake]:
    """Receivers believe a sender whose address has a name that leads back to it: no private address has one."""
    if sound["platform"] is not Platform.EXISTING or sound["mail"].relay:
        return
    seen = [name for name in with_aliases(sound["domains"]) if nearest(_OWN_NAMES, name) is None]
    nodes: Mapping[str, NodeSettings] = sound["nodes"]
    for name, node in nodes.items():
        addresses = node.public or ((node.address,) if node.address else ())
        private = [str(address) for address in addresses if _at_home(address)]
        if seen and private and Role.MAIL in node.roles:
            yield Mistake(
                spell(("nodes", name, "public")),
                f"mail for {seen[0]} would be handed in at {', '.join(private)} and leave from there, which nobody in"
                " the world reaches or believes",
                "give the addresses by which the world sees the node, its router's if it has one; or take mail.relay",
            )


def _names(sound: Sound) -> Iterator[Mistake]:
    """The name of all that send is below the service's, as the nodes' names are."""
    if "out" in sound["nodes"]:
        yield Mistake(
            "nodes.out", "out is the name of all that send, in greetings and reverse names", "call it otherwise"
        )


def _policy(sound: Sound) -> Iterator[Mistake]:
    """Senders that keep to a policy deliver to nobody whose certificate they do not believe."""
    source = sound["mail"].certificate
    if sound["dns"].mta_sts is MtaSts.ENFORCE and source in {PRIVATE, "letsencrypt_staging"}:
        yield Mistake(
            "dns.mta_sts",
            f"enforce with mail.certificate {source}: senders that keep to it would deliver no mail at all",
            "take testing or none until the certificate is one that the world accepts",
        )


def _at_home(address: IPv4Address | IPv6Address) -> bool:
    networks = _AT_HOME if isinstance(address, IPv4Address) else _AT_HOME_6
    return any(address in network for network in networks)


RULES: Rules = (
    (("platform", "domains", "mail", "dns"), _zones),
    (("dns",), _updates),
    (("platform", "domains", "nodes", "mail"), _senders),
    (("nodes",), _names),
    (("mail", "dns"), _policy),
)
