"""The arithmetic of FoundationDB's redundancy modes: what a number of zones gives.

Source: FoundationDB 7.4, fdbserver/Status.actor.cpp (faultToleranceStatusFetcher) and
fdbclient/StatusClient.actor.cpp, which lowers both figures to what the coordinators survive.
"""

from dataclasses import dataclass
from enum import StrEnum


class Redundancy(StrEnum):
    """How many copies of the data and the log the database keeps."""

    SINGLE = "single"
    DOUBLE = "double"
    TRIPLE = "triple"

    @property
    def copies(self) -> int:
        """Copies of each piece of data, each in another zone."""
        return {"single": 1, "double": 2, "triple": 3}[self]


@dataclass(frozen=True)
class Tolerance:
    """Zones that may fail at once, counted from full health."""

    losing_data: int
    losing_availability: int

    @property
    def survivable(self) -> int:
        """Zones that may fail without loss of either."""
        return min(self.losing_data, self.losing_availability)


def redundancy(zones: int) -> Redundancy:
    """The mode for a number of zones: 1 single, 2 to 4 double, 5 and more triple.

    Triple on three or four zones would stop the database as soon as one or two of them fail.
    """
    if zones <= 1:
        return Redundancy.SINGLE
    return Redundancy.DOUBLE if zones < 5 else Redundancy.TRIPLE  # noqa: PLR2004  # the rule itself


def coordinators(zones: int) -> int:
    """How many coordinators, one per zone: 1, 3 or 5. An even number would add risk and no tolerance."""
    if zones < 3:  # noqa: PLR2004  # the rule itself
        return 1
    return 3 if zones < 5 else 5  # noqa: PLR2004  # the rule itself


def expected(zones: int) -> Tolerance:
    """What a healthy cluster of that many zones reports."""
    copies = redundancy(zones).copies
    quorum = (coordinators(zones) - 1) // 2
    losing_data = min(copies - 1, quorum)
    return Tolerance(losing_data, max(0, min(copies - 1, zones - copies, losing_data)))


def zones_needed(wanted: int) -> int:
    """The fewest zones that survive `wanted` failures: 1, 3 or 5."""
    return 2 * wanted + 1
