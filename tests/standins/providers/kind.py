"""What a kind of resource does, beside the protocol: the same four verbs for every kind."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from .values import Values, unknown

Log = Callable[[str], None]


class Failure(Exception):  # noqa: N818  # reads as what it is
    """A resource could not be made, changed or removed; the text is what the engine shows."""


@dataclass(frozen=True)
class Call:
    """One request: for whom, what to say while it runs, and when to give up."""

    urn: str
    log: Log
    stop: threading.Event


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
