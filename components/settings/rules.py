"""Rules that look at more than one key. Each sees only keys that are sound by themselves."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from components.foundationdb import redundancy
from components.settings import releases
from components.settings.addresses import network_of, node_address
from components.settings.fields import AUTHORITIES
from components.settings.front import DnsProvider, DnsSettings, FrontKind, FrontSettings, Place
from components.settings.hetzner import HetznerSettings
from components.settings.mistakes import Mistake, spell
from components.settings.model import LabSettings, Permission, Platform, SshSettings
from components.settings.node import NodeSettings, Role
from components.settings.placement import zones_of

Sound = Mapping[str, Any]
Rule = Callable[[Sound], Iterator[Mistake]]

_SMALLEST_MEMORY = 1024


def mistakes(sound: Sound, given: frozenset[str]) -> Iterator[Mistake]:
    """All mistakes that show only between keys.

    Args:
        sound: key -> value, for the keys that are valid alone (defaults included).
        given: the keys that the stack file really has.
    """
    for needed, rule in _RULES:
        if set(needed) <= set(sound):
            yield from rule(sound)
    if "platform" in sound:
        yield from _wrong_platform(sound, given)


def _addresses(sound: Sound) -> Iterator[Mistake]:
    nodes: Mapping[str, NodeSettings] = sound["nodes_sound_alone"]
    network = network_of(sound)
    addresses = {name: node_address(network, name, node) for name, node in nodes.items()}
    uses = Counter(address for address in addresses.values() if address)
    for name, address in addresses.items():
        key = spell(("nodes", name, "address"))
        if address is None and network is None:
            yield Mistake(key, "is missing", "an existing host needs its private address")
        elif address is None:
            yield Mistake(key, "is missing", "one is given only to a name that ends in a number, e.g. mx1")
        elif uses[address] > 1:
            yield Mistake(key, f"{address} is given to more than one node")
        elif network and address not in network:
            yield Mistake(key, f"{address} is not in {_NETWORK_KEYS[sound['platform']]}, {network}")
        elif network and address in _not_for_hosts(network):
            yield Mistake(key, f"{address} is the network's, its gateway's or its broadcast address, no host's")


def _not_for_hosts(network: IPv4Network) -> set[IPv4Address]:
    """Network, gateway (the first address, in the lab and at Hetzner alike) and broadcast."""
    return {network.network_address, network.network_address + 1, network.broadcast_address}


def _ssh(sound: Sound) -> Iterator[Mistake]:
    platform = sound["platform"]
    for name, node in sound["nodes_sound_alone"].items():
        if platform is not Platform.EXISTING:
            for key in ("ssh_address", "host_key", "public"):
                if getattr(node, key):
                    yield Mistake(
                        spell(("nodes", name, key)), f"hosts of {platform} get these from the stack", "remove it"
                    )
        elif sound["ssh"].bastion and node.host_key is None:
            yield Mistake(
                spell(("nodes", name, "host_key")), "is missing", "behind a bastion a host's key cannot be learnt"
            )


def _servers(sound: Sound) -> Iterator[Mistake]:
    if sound["platform"] is not Platform.HETZNER:
        for name, node in sound["nodes_sound_alone"].items():
            for key in ("type", "location"):
                if getattr(node, key) is not None:
                    yield Mistake(spell(("nodes", name, key)), "belongs to platform hetzner", "remove it")
        return
    hetzner: HetznerSettings = sound["hetzner"]
    if not hetzner.ssh_from:
        yield Mistake("hetzner.ssh_from", "is missing", "name the networks you work from, e.g. [203.0.113.7/32]")
    if not hetzner.subnet.subnet_of(hetzner.network):
        yield Mistake("hetzner.subnet", f"{hetzner.subnet} is not in hetzner.network, {hetzner.network}")
    chosen = [node.location for node in sound["nodes_sound_alone"].values() if node.location]
    zones = {location.network_zone for location in (*hetzner.locations, *chosen)}
    if len(zones) > 1:
        yield Mistake(
            "hetzner.locations",
            f"a private network lies in one network zone, the locations lie in {', '.join(sorted(zones))}",
            "fsn1, nbg1 and hel1 are one zone",
        )


def _front(sound: Sound) -> Iterator[Mistake]:
    front: FrontSettings = sound["front"]
    if front.kind is FrontKind.LOAD_BALANCER and sound["platform"] is not Platform.HETZNER:
        yield Mistake("front.kind", "a load balancer is made on platform hetzner only", "take dns")
    mail = [name for name, node in sound["nodes"].items() if Role.MAIL in node.roles]
    if mail and all(sound["nodes"][name].front is Place.OUT for name in mail):
        yield Mistake("nodes", "every node is out of the front, nobody would reach the mail", "leave one in")


def _certificate(sound: Sound) -> Iterator[Mistake]:
    source, caa = sound["mail"].certificate, sound["dns"].caa
    if sound["platform"] is Platform.LAB and source in AUTHORITIES:
        yield Mistake("mail.certificate", "no public authority reaches a lab", "take self_signed")
    elif source in AUTHORITIES and caa and "letsencrypt.org" not in caa:
        yield Mistake(
            "dns.caa", "it forbids letsencrypt.org, which mail.certificate asks", "add it, or leave caa empty"
        )


def _dns(sound: Sound) -> Iterator[Mistake]:
    dns: DnsSettings = sound["dns"]
    if dns.provider is not DnsProvider.HETZNER:
        if dns.zones:
            yield Mistake("dns.zones", "goes with dns.provider hetzner", "remove it")
        return
    if sound["platform"] is Platform.LAB:
        yield Mistake("dns.provider", "the names of a lab lead nowhere for the world", "take manual")
    names = (*sound["domains"], sound["mail"].hostname or f"mail.{sound['domains'][0]}")
    for name in names:
        if not any(name == zone or name.endswith(f".{zone}") for zone in dns.zones or sound["domains"]):
            yield Mistake("dns.zones", f"none of them holds {name}", "add the zone at Hetzner DNS that does")


def _mail_somewhere(sound: Sound) -> Iterator[Mistake]:
    nodes: Mapping[str, NodeSettings] = sound["nodes"]
    for name, node in nodes.items():
        if Role.DATABASE not in node.roles:
            yield Mistake(spell(("nodes", name, "roles")), "every node has the database", "write [database, mail]")
    if not any(Role.MAIL in node.roles for node in nodes.values()):
        yield Mistake("nodes", "no node has the role mail", "give it to one node or more")


def _tolerance(sound: Sound) -> Iterator[Mistake]:
    wanted = sound["fault_tolerance"]
    zones = len(set(zones_of(sound).values()))
    reachable = redundancy.expected(zones).survivable
    if wanted is not None and wanted > reachable:
        yield Mistake(
            "fault_tolerance",
            f"{wanted} needs {redundancy.zones_needed(wanted)} zones; the nodes stand in {zones} and give {reachable}",
            "add nodes in other zones or lower it",
        )


def _twice(sound: Sound) -> Iterator[Mistake]:
    names: tuple[str, ...] = sound["domains"]
    for name, count in Counter(names).items():
        if count > 1:
            yield Mistake("domains", f"{name} stands there {count} times")


def _pair(sound: Sound) -> Iterator[Mistake]:
    yield from releases.check(sound["release"])


def _memory(sound: Sound) -> Iterator[Mistake]:
    database = sound["database"]
    if database.memory and database.memory < _SMALLEST_MEMORY:
        yield Mistake(
            "database.memory", f"{database.memory}MiB is too little for one process", "1GiB is the least, 4GiB is usual"
        )
    if database.memory and database.cache and database.cache >= database.memory:
        yield Mistake("database.cache", "must be smaller than database.memory", "a quarter of it is usual")
    if database.cache and not database.memory:
        yield Mistake("database.cache", "goes with database.memory", "give both, or neither")


def _permissions(sound: Sound) -> Iterator[Mistake]:
    if Permission.DESTROY not in sound["allow"]:
        return
    if sound["platform"] is not Platform.HETZNER:
        yield Mistake("allow", "destroy belongs to platform hetzner", "remove it: elsewhere it needs no permission")
    elif sound["hetzner"].protection:
        yield Mistake(
            "allow",
            "destroy and hetzner.protection contradict each other",
            "set protection to false, or remove destroy",
        )


def _wrong_platform(sound: Sound, given: frozenset[str]) -> Iterator[Mistake]:
    platform = sound["platform"]
    # Sections that say nothing are what the project file's defaults look like.
    said = {"ssh_private_key"} & given | {
        key for key, silent in _SILENT.items() if sound.get(key) not in (None, silent)
    }
    for key, owner in _OWNERS.items():
        if key in said and platform is not owner:
            yield Mistake(key, f"belongs to platform {owner}, but platform is {platform}", "remove one of the two")


_SILENT = {"lab": LabSettings(), "ssh": SshSettings(), "hetzner": HetznerSettings()}
_OWNERS = {
    "lab": Platform.LAB,
    "ssh": Platform.EXISTING,
    "ssh_private_key": Platform.EXISTING,
    "hetzner": Platform.HETZNER,
}
_NETWORK_KEYS = {Platform.LAB: "lab.network", Platform.HETZNER: "hetzner.subnet"}

_RULES: tuple[tuple[tuple[str, ...], Rule], ...] = (
    (("platform", "nodes_sound_alone", "lab", "hetzner"), _addresses),
    (("platform", "nodes_sound_alone", "ssh"), _ssh),
    (("platform", "nodes_sound_alone", "hetzner"), _servers),
    (("nodes",), _mail_somewhere),
    (("platform", "nodes", "front"), _front),
    (("platform", "domains", "mail", "dns"), _dns),
    (("platform", "mail", "dns"), _certificate),
    (("platform", "nodes", "hetzner", "fault_tolerance"), _tolerance),
    (("domains",), _twice),
    (("release",), _pair),
    (("database",), _memory),
    (("platform", "hetzner", "allow"), _permissions),
)
