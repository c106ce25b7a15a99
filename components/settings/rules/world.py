"""Rules of what stands between the world and the nodes."""

from collections.abc import Iterator

from components.settings.front import FrontKind, FrontSettings, Place
from components.settings.mistakes import Mistake
from components.settings.model import Platform
from components.settings.node import Role
from components.settings.rules.rule import Rules, Sound


def _front(sound: Sound) -> Iterator[Mistake]:
    front: FrontSettings = sound["front"]
    if front.kind is FrontKind.LOAD_BALANCER and sound["platform"] is not Platform.HETZNER:
        yield Mistake("front.kind", "a load balancer is made on platform hetzner only", "take dns")
    mail = [name for name, node in sound["nodes"].items() if Role.MAIL in node.roles]
    if mail and all(sound["nodes"][name].front is Place.OUT for name in mail):
        yield Mistake("nodes", "every node is out of the front, nobody would reach the mail", "leave one in")


RULES: Rules = ((("platform", "nodes", "front"), _front),)
