"""Who may take a node down: one claim per node, kept in the database, where every host sees the same.

A claim is `wanted` first. It becomes `held` when nobody holds one and no node of a smaller name wants one, and it is
looked at once more after that: of two that became `held` at once the later sees the other and steps back. So nodes take
turns in the order of their names. A claim ends by itself after its lease, so that a host that died holding it blocks
nobody for ever; a node's own claim from an interrupted run is simply taken over.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

from lib.console import Failed, wait_for
from lib.foundationdb import fdbcli

# In front of all keys of the mail server, whose first byte is a small number, and outside the system's.
PREFIX = "\\xfe/stalwart-cluster/turn/"
_END = "\\xfe/stalwart-cluster/turn0"
_SECONDS = 10
_PATIENCE_SECONDS = 60
_PAIR = re.compile(r"^`(?P<key>.*)' is `(?P<value>.*)'$", re.MULTILINE)
_NUMBERS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Claim:
    """One node's. `until` and `since` are seconds of the epoch by the clock of its host."""

    held: bool
    since: int
    until: int
    why: str

    def text(self) -> str:
        """As it is kept."""
        return f"{'held' if self.held else 'wanted'} {self.since} {self.until} {self.why}"


def write(node: str, claim: Claim) -> None:
    """Put a node's claim in place of the one it had.

    Raises:
        Failed: the database does not take it.
    """
    command = f'writemode on; set {PREFIX}{node} "{_escaped(claim.text())}"'
    _insist(command, "Committed", f"to take the claim of {node}")


def remove(node: str) -> None:
    """Take a node's claim away.

    Raises:
        Failed: the database does not take it.
    """
    _insist(f"writemode on; clear {PREFIX}{node}", "Committed", f"to remove the claim of {node}")


def live() -> dict[str, Claim]:
    """Node -> claim, for those whose lease is not over.

    Raises:
        Failed: the database cannot be read.
    """
    said = _insist(f"getrange {PREFIX} {_END} 1000", "Range limited", "to say which nodes have a claim")
    return {node: claim for node, claim in parse(said).items() if claim.until > time.time()}


def parse(said: str) -> dict[str, Claim]:
    """The claims in what fdbcli prints of their range; what is not one of ours is left out."""
    found = {}
    for pair in _PAIR.finditer(said):
        words = _plain(pair["value"]).split(" ", 3)
        if pair["key"].startswith(PREFIX) and len(words) == 4 and words[1].isdigit() and words[2].isdigit():  # noqa: PLR2004
            node = pair["key"].removeprefix(PREFIX)
            found[node] = Claim(words[0] == "held", int(words[1]), int(words[2]), words[3])
    return found


def ahead(node: str, claims: Mapping[str, Claim]) -> list[str]:
    """The nodes that go before this one: who holds a claim, and who wants one and has a smaller name."""
    return sorted(
        (other for other, claim in claims.items() if other != node and (claim.held or _order(other) < _order(node))),
        key=lambda other: (not claims[other].held, _order(other)),
    )


def _order(name: str) -> list[tuple[int, str]]:
    """Natural order: mx2 before mx10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in _NUMBERS.split(name)]


def _insist(command: str, sign: str, what: str) -> str:
    """Ask until the database does it: a recovery interrupts it for seconds, and what takes turns causes recoveries.

    Given twice each command here means the same, so a commit of which nobody knows whether it happened is no trouble.
    """
    last = ""

    def check() -> str | None:
        nonlocal last
        code, last = fdbcli.command(command, _SECONDS)
        return last if code == 0 and sign in last else None

    try:
        return wait_for(_PATIENCE_SECONDS, f"the database {what}", check, pause=0.5)
    except Failed as failure:
        raise Failed(f"{failure}: {last[-200:]}", "is the database available? make status") from None


def _escaped(text: str) -> str:
    """Letters, digits and dots as they are, every other byte as fdbcli reads it."""
    return "".join(
        chr(byte) if chr(byte).isalnum() and byte < 128 else f"\\x{byte:02x}"  # noqa: PLR2004  # ASCII
        for byte in text.encode()
    )


def _plain(printed: str) -> str:
    """What fdbcli printed, with its escapes undone."""
    return re.sub(
        rb"\\x([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), printed.encode().replace(b"\\\\", b"\\x5c")
    ).decode(errors="replace")
