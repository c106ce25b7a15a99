"""Who may take a node down: one claim per node, kept in the database, where every host sees the same.

A claim is `wanted` first. It becomes `held` when nobody holds one and no node of a smaller name wants one, and it is
looked at once more after that: of two that became `held` at once the later sees the other and steps back. So nodes take
turns; who waits longer than the turn of another goes in the order of the names. A claim ends by itself after its lease,
so that a host that died holding it blocks nobody for ever; a node's own claim from an interrupted run is simply taken
over, and that of a node that has left for good is taken away (lib/turn/departed.py).
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

from lib.foundationdb import pairs

# Behind all keys of the mail server, whose first byte is a letter, and outside the system's.
PREFIX = b"\xfe/stalwart-cluster/turn/"
_END = b"\xfe/stalwart-cluster/turn0"
_NUMBERS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Claim:
    """One node's. `until` and `since` are seconds of the epoch by the clock of its host, which has this address."""

    held: bool
    since: int
    until: int
    address: str
    why: str

    def text(self) -> str:
        """As it is kept."""
        return f"{'held' if self.held else 'wanted'} {self.since} {self.until} {self.address} {self.why}"


def write(node: str, claim: Claim) -> None:
    """Put a node's claim in place of the one it had.

    Raises:
        Failed: the database does not take it.
    """
    pairs.change({PREFIX + node.encode(): claim.text().encode()}, [])


def remove(node: str) -> None:
    """Take a node's claim away.

    Raises:
        Failed: the database does not take it.
    """
    pairs.change({}, [PREFIX + node.encode()])


def live() -> dict[str, Claim]:
    """Node -> claim, for those whose lease is not over.

    Raises:
        Failed: the database cannot be read.
    """
    return {node: claim for node, claim in parse(pairs.read(PREFIX, _END)).items() if claim.until > time.time()}


def parse(found: Mapping[bytes, bytes]) -> dict[str, Claim]:
    """The claims among the pairs of their range; what is not one of ours is left out."""
    claims = {}
    for key, value in found.items():
        words = value.decode(errors="replace").split(" ", 4)
        if key.startswith(PREFIX) and len(words) == 5 and words[1].isdigit() and words[2].isdigit():  # noqa: PLR2004
            node = key.removeprefix(PREFIX).decode(errors="replace")
            claims[node] = Claim(words[0] == "held", int(words[1]), int(words[2]), words[3], words[4])
    return claims


def ahead(node: str, claims: Mapping[str, Claim]) -> list[str]:
    """The nodes that go before this one: who holds a claim, and who wants one and has a smaller name."""
    return sorted(
        (other for other, claim in claims.items() if other != node and (claim.held or _order(other) < _order(node))),
        key=lambda other: (not claims[other].held, _order(other)),
    )


def _order(name: str) -> list[tuple[int, str]]:
    """Natural order: mx2 before mx10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in _NUMBERS.split(name)]
