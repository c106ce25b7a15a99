"""Rules that look at more than one key. Each sees only keys that are sound by themselves."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from components.foundationdb import redundancy
from components.settings import releases
from components.settings.addresses import node_address
from components.settings.mistakes import Mistake, spell
from components.settings.model import LabSettings, NodeSettings, Platform, Role, SshSettings

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
    addresses = {name: node_address(sound["platform"], sound["lab"], name, node) for name, node in nodes.items()}
    uses = Counter(address for address in addresses.values() if address)
    for name, address in addresses.items():
        key = spell(("nodes", name, "address"))
        if address is None and sound["platform"] is Platform.LAB:
            yield Mistake(key, "is missing", "the lab gives one only to a name that ends in a number, e.g. mx1")
        elif address is None:
            yield Mistake(key, "is missing", "an existing host needs its private address")
        elif uses[address] > 1:
            yield Mistake(key, f"{address} is given to more than one node")
        elif sound["platform"] is Platform.LAB and address not in set(sound["lab"].network.hosts()):
            yield Mistake(key, f"{address} is not in lab.network, {sound['lab'].network}")


def _ssh(sound: Sound) -> Iterator[Mistake]:
    for name, node in sound["nodes_sound_alone"].items():
        if sound["platform"] is Platform.LAB:
            for key in ("ssh_address", "host_key"):
                if getattr(node, key) is not None:
                    yield Mistake(spell(("nodes", name, key)), "the lab gives its hosts these itself", "remove it")
        elif sound["ssh"].bastion and node.host_key is None:
            yield Mistake(
                spell(("nodes", name, "host_key")), "is missing", "behind a bastion a host's key cannot be learnt"
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
    zones = len({node.zone or name for name, node in sound["nodes"].items()})
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


def _wrong_platform(sound: Sound, given: frozenset[str]) -> Iterator[Mistake]:
    platform = sound["platform"]
    # Sections that say nothing are what the project file's defaults look like.
    said = {"ssh_private_key"} & given | {key for key in ("lab", "ssh") if sound.get(key) not in (None, _SILENT[key])}
    for key, owner in (("lab", Platform.LAB), ("ssh", Platform.EXISTING), ("ssh_private_key", Platform.EXISTING)):
        if key in said and platform is not owner:
            yield Mistake(key, f"belongs to platform {owner}, but platform is {platform}", "remove one of the two")


_SILENT = {"lab": LabSettings(), "ssh": SshSettings()}

_RULES: tuple[tuple[tuple[str, ...], Rule], ...] = (
    (("platform", "nodes_sound_alone", "lab"), _addresses),
    (("platform", "nodes_sound_alone", "ssh"), _ssh),
    (("nodes",), _mail_somewhere),
    (("nodes", "fault_tolerance"), _tolerance),
    (("domains",), _twice),
    (("release",), _pair),
    (("database",), _memory),
)
