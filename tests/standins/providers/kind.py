"""What a kind of resource does, beside the protocol: the same four verbs for every kind."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from .values import Values, unknown

Log = Callable[[str], None]


class Failure(Exception):  # noqa: N818  # reads as what it is
    """A resource could not be made, changed or removed; the text is what the engine shows."""


class HalfMade(Failure):
    """It exists, but is not all that was asked for: the engine keeps it, and the next run goes on from there."""

    def __init__(self, text: str, identity: str, outputs: Values) -> None:
        super().__init__(text)
        self.identity = identity
        self.outputs = outputs


class Mistake(Exception):  # noqa: N818  # as Failure
    """An input that is refused before anything is asked for."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where = where
        self.what = what


@dataclass(frozen=True)
class Call:
    """One request: for whom, what to say while it runs, when to give up, how the plugin was configured, about what."""

    urn: str
    log: Log
    stop: threading.Event
    settings: Values = field(default_factory=dict)
    identity: str = ""


Function = Callable[[Call, Values], Values]


@dataclass(frozen=True)
class Difference:
    """Which inputs changed, which of them make another resource, and whether the old one goes first."""

    changed: list[str]
    replacing: list[str]
    delete_first: bool = False


class Kind(Protocol):
    """A kind of resource. Values come with their marks, so that secrets stay secret."""

    replaced_by: frozenset[str]
    """Inputs whose change makes another resource."""

    def check(self, inputs: Values) -> Values:
        """Inputs with defaults."""

    def create(self, call: Call, inputs: Values) -> tuple[str, Values]:
        """Id and outputs."""

    def update(self, call: Call, inputs: Values, state: Values) -> Values:
        """The new outputs."""

    def delete(self, call: Call, state: Values) -> None:
        """Remove it."""

    def foresee(self, inputs: Values, state: Values) -> Values:
        """The outputs as far as a preview can know them."""


@runtime_checkable
class Looks(Protocol):
    """A kind that exists beside the state, where it may have changed or be gone."""

    def look(self, call: Call, inputs: Values, state: Values) -> tuple[Values, Values] | None:
        """Inputs and outputs as they are by now; None where nothing is left."""


@runtime_checkable
class Names(Protocol):
    """A kind that invents a name where none is given."""

    def named(self, urn: str, inputs: Values, before: Values) -> Values:
        """Inputs with a name, the same one each time."""


@runtime_checkable
class Compares(Protocol):
    """A kind that has its own mind about what is a change."""

    def compare(self, before: Values, after: Values, state: Values) -> Difference:
        """The difference between two sets of inputs."""


class Configuration(Protocol):
    """What a plugin needs to know before it can do anything."""

    def check(self, given: Values) -> None:
        """Raise a Mistake where it cannot be right."""

    def accept(self, given: Values) -> Values:
        """The settings that calls are made with; a Failure where they are not enough."""


class Made:
    """A kind that is computed once and only ever replaced."""

    replaced_by: frozenset[str] = frozenset()
    outputs: tuple[str, ...] = ()

    def check(self, inputs: Values) -> Values:
        return inputs

    def update(self, call: Call, inputs: Values, state: Values) -> Values:
        return {**state, **inputs}

    def delete(self, call: Call, state: Values) -> None:
        """Nothing exists beside the state."""

    def foresee(self, inputs: Values, state: Values) -> Values:
        known: dict[str, Any] = state or {name: unknown() for name in self.outputs}
        return {**known, **inputs}
