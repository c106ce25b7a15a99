"""Rules of the disks that hold the database's data: whose they are, and who could open them after a reboot."""

from collections.abc import Iterator, Mapping

from components.settings.database import is_encrypted
from components.settings.mistakes import Mistake, spell
from components.settings.model import Platform
from components.settings.node import NodeSettings
from components.settings.rules.rule import Rules, Sound


def _devices(sound: Sound) -> Iterator[Mistake]:
    if sound["platform"] is Platform.EXISTING:
        return
    for name, node in sound["nodes_sound_alone"].items():
        if node.device is not None:
            remedy = "take hetzner.volume" if sound["platform"] is Platform.HETZNER else "remove it"
            yield Mistake(spell(("nodes", name, "device")), "belongs to platform existing", remedy)


def _encryption(sound: Sound) -> Iterator[Mistake]:
    """Only a disk of its own can be encrypted, and only other nodes can open it when nobody is there."""
    nodes: Mapping[str, NodeSettings] = sound["nodes"]
    encrypted = [name for name, node in nodes.items() if is_encrypted(node, sound["database"])]
    if not encrypted:
        return
    if sound["platform"] is Platform.LAB:
        yield Mistake("database.encrypt", "hosts of a lab have no disks of their own", "set it to false")
        return
    if len(nodes) == 1:
        yield Mistake(
            "database.encrypt",
            "a single node has nobody who opens its disk after a reboot",
            "add a node, or set it to false",
        )
    if sound["platform"] is Platform.HETZNER and sound["hetzner"].volume is None:
        yield Mistake("hetzner.volume", "is missing: database.encrypt encrypts a volume", "give its size, e.g. 50GiB")
    for name in encrypted:
        if sound["platform"] is Platform.EXISTING and nodes[name].device is None:
            yield Mistake(
                spell(("nodes", name, "device")),
                "is missing: database.encrypt encrypts an empty disk",
                "name it, e.g. /dev/disk/by-id/...",
            )


RULES: Rules = (
    (("platform", "nodes_sound_alone"), _devices),
    (("platform", "nodes", "database", "hetzner"), _encryption),
)
