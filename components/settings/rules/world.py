"""Rules of what the world sees: the front, the records, the certificate."""

from collections.abc import Iterator

from components.settings.fields import AUTHORITIES
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


def _certificate(sound: Sound) -> Iterator[Mistake]:
    source, caa = sound["mail"].certificate, sound["dns"].caa
    if sound["platform"] is Platform.LAB and source in AUTHORITIES:
        yield Mistake("mail.certificate", "no public authority reaches a lab", "take self_signed")
    elif source in AUTHORITIES and caa and "letsencrypt.org" not in caa:
        yield Mistake(
            "dns.caa", "it forbids letsencrypt.org, which mail.certificate asks", "add it, or leave caa empty"
        )


RULES: Rules = (
    (("platform", "nodes", "front"), _front),
    (("platform", "mail", "dns"), _certificate),
)
