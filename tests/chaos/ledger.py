"""What was handed in through which node, when, and how it ended. Pure."""

import threading
from collections import Counter
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise


class Outcome(StrEnum):
    """How the handing in of one message ended."""

    ACCEPTED = "accepted"
    """The server said yes: from then on the message must never be missing."""

    REFUSED = "refused"
    """The server said no, or was not there: the sender keeps the message."""

    UNANSWERED = "unanswered"
    """The connection broke before an answer: the message may be there or not."""


@dataclass(frozen=True)
class Entry:
    """One message. `at` is when its outcome was known, in seconds of one steady clock."""

    message: str
    node: str
    at: float
    outcome: Outcome
    why: str = ""


class Ledger:
    """Entries in the order of their outcomes. Writers of several nodes share one."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries = list(entries)
        self._lock = threading.Lock()

    def add(self, entry: Entry) -> None:
        """Write one down."""
        with self._lock:
            self._entries.append(entry)

    @property
    def entries(self) -> list[Entry]:
        """All, as of now."""
        with self._lock:
            return list(self._entries)

    def accepted(self, node: str | None = None, since: float = float("-inf")) -> list[Entry]:
        """What was accepted, by one node or by any."""
        return [
            entry
            for entry in self.entries
            if entry.outcome is Outcome.ACCEPTED and node in {None, entry.node} and entry.at >= since
        ]

    def missing(self, found: AbstractSet[str]) -> list[Entry]:
        """What was accepted and is not among the messages that were found."""
        return [entry for entry in self.accepted() if entry.message not in found]

    def reasons(self) -> dict[str, Counter[str]]:
        """Per node, why what was not accepted was not."""
        counted: dict[str, Counter[str]] = {}
        for entry in self.entries:
            if entry.outcome is not Outcome.ACCEPTED:
                counted.setdefault(entry.node, Counter())[f"{entry.outcome}: {entry.why}"] += 1
        return counted


@dataclass(frozen=True)
class Gap:
    """A stretch in which nothing was accepted, in seconds of the ledger's clock."""

    begin: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it was."""
        return self.end - self.begin


def longest_gap(times: Iterable[float], begin: float, end: float) -> Gap:
    """The longest stretch between `begin` and `end` without any of `times`.

    The stretches before the first and after the last count: what never recovers is a gap up to the end.
    """
    marks = [begin, *sorted(time for time in times if begin <= time <= end), end]
    return max((Gap(*pair) for pair in pairwise(marks)), key=lambda gap: gap.seconds)
