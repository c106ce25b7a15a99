"""What is different about a step: its script, its variables, the way to its host, each by name."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from components.remote.script import values_of

_NOTE = re.compile(r" # scripts/(\S+) ([0-9a-f]+)$")

# Compared in another way; `delete` runs the script that `create` runs.
_SCRIPT = frozenset({"create", "delete", "stdin"})


class Unknown(Enum):
    """What stands for a text that nobody knows yet."""

    LATER = "known only in the run"


Value = str | Unknown


@dataclass(frozen=True)
class Change:
    """One thing that is different; None where it was not there before, or is not any more."""

    name: str
    before: str | None
    after: Value | None

    @property
    def certain(self) -> bool:
        """Whether it is known already that it is different."""
        return self.after is not Unknown.LATER


@dataclass(frozen=True)
class Difference:
    """What is different between the step that last succeeded and the step that is wanted."""

    path: str
    """The script, below scripts/."""

    script: bool
    """Whether its text is another, or that of a library."""

    changes: tuple[Change, ...]

    @property
    def certain(self) -> bool:
        """Whether the step runs for sure; else only if something turns out to be different."""
        return self.script or any(change.certain for change in self.changes)

    def of(self, name: str) -> Change | None:
        """The change of one thing, where it changes."""
        return next((change for change in self.changes if change.name == name), None)


def difference(before: Mapping[str, Any], after: Mapping[str, Any], values: Mapping[str, Value]) -> Difference:
    """Compare a step's inputs as the engine has them, without marks of secrecy.

    Args:
        before: the inputs with which it last succeeded.
        after: the inputs as they are wanted.
        values: the variables as they are wanted. In `stdin` one that is not known yet hides all others.
    """
    shell, _, digest = _command(before)
    wanted_shell, path, wanted_digest = _command(after)
    same = before.get("stdin") == after.get("stdin")
    changes = [
        *([] if same else _changed(values_of(str(before.get("stdin") or "")), values)),
        *_changed({"shell": shell}, {"shell": wanted_shell}),
        *_changed(_flat(before), _flat(after)),
    ]
    return Difference(path, digest != wanted_digest, tuple(changes))


def _command(inputs: Mapping[str, Any]) -> tuple[str, str, str]:
    """`bash -s # scripts/a.sh 3f2a` as its three parts."""
    text = str(inputs.get("create") or "")
    found = _NOTE.search(text)
    return (text[: found.start()], found[1], found[2]) if found else (text, "", "")


def _changed(before: Mapping[str, Value], after: Mapping[str, Value]) -> Iterator[Change]:
    for name in sorted({*before, *after}):
        was, wanted = before.get(name), after.get(name)
        if was != wanted:
            yield Change(name, None if was is Unknown.LATER else was, wanted)


def _flat(inputs: Mapping[str, Any], inside: str = "") -> dict[str, Value]:
    """Other inputs as texts, by their place: `connection.proxy.host`."""
    found: dict[str, Value] = {}
    for key, value in inputs.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{inside}{key}.")
        elif value is not None and (inside or key not in _SCRIPT):
            found[inside + key] = value if isinstance(value, Unknown) else _text(value)
    return found


def _text(value: object) -> str:
    """Numbers come back from the engine as floats."""
    return f"{value:g}" if isinstance(value, float) else str(value)
