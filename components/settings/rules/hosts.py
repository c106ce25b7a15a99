"""Rules of hosts: where they come from, their addresses, servers, roles and zones."""

from collections import Counter
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network

from components.foundationdb import redundancy
from components.settings.addresses import network_of, node_address, world_address
from components.settings.hetzner import HetznerSettings
from components.settings.lab import LabSettings
from components.settings.mistakes import Mistake, spell
from components.settings.model import Platform
from components.settings.node import NodeSettings, Role
from components.settings.placement import zones_of
from components.settings.rules.rule import Rules, Sound
from components.settings.ssh import SshSettings

_SILENT = {"lab": LabSettings(), "ssh": SshSettings(), "hetzner": HetznerSettings()}
_OWNERS = {
    "lab": Platform.LAB,
    "ssh": Platform.EXISTING,
    "ssh_private_key": Platform.EXISTING,
    "hetzner": Platform.HETZNER,
}
_NETWORK_KEYS = {Platform.LAB: "lab.network", Platform.HETZNER: "hetzner.subnet"}


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
        elif network and sound["platform"] is Platform.LAB and address == world_address(network):
            yield Mistake(key, f"{address} is the world outside of the lab, from which `make verify` sends mail")


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


def wrong_platform(sound: Sound, given: frozenset[str]) -> Iterator[Mistake]:
    """Sections of one platform in the stack file of another."""
    platform = sound["platform"]
    # Sections that say nothing are what the project file's defaults look like.
    said = {"ssh_private_key"} & given | {
        key for key, silent in _SILENT.items() if sound.get(key) not in (None, silent)
    }
    for key, owner in _OWNERS.items():
        if key in said and platform is not owner:
            yield Mistake(key, f"belongs to platform {owner}, but platform is {platform}", "remove one of the two")


RULES: Rules = (
    (("platform", "nodes_sound_alone", "lab", "hetzner"), _addresses),
    (("platform", "nodes_sound_alone", "ssh"), _ssh),
    (("platform", "nodes_sound_alone", "hetzner"), _servers),
    (("nodes",), _mail_somewhere),
    (("platform", "nodes", "hetzner", "fault_tolerance"), _tolerance),
)
