"""One record set that is needed, and what the world sees in its place."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How what is there fits what is needed."""

    RIGHT = "right"
    MISSING = "missing"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A sentence about a record set, with what to enter where it is not right."""

    zone: str
    name: str
    type: str
    state: State
    why: str = ""
    """What is wrong, and where it was seen."""

    there: tuple[str, ...] = ()
    enter: tuple[str, ...] = ()
    """Lines of a zone file, with absolute names."""

    @property
    def right(self) -> bool:
        """Whether nothing has to be done."""
        return self.state is State.RIGHT
