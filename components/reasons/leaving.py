"""What a change of accounts takes away: who is disabled, and what is erased for good with how much mail. Pure."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from components.reasons.compare import Difference, Unknown

_PATH = "accounts/apply.py"
_KINDS = ("accounts", "groups", "lists")
_SHOWN = 10
_UNITS = ("KiB", "MiB", "GiB", "TiB")


def disabled(difference: Difference) -> str:
    """Who leaves the stack file, and that nothing of it is lost; empty where nobody does."""
    before, after = _documents(difference)
    gone = sorted(_names(before) - _names(after))
    if not gone:
        return ""
    more = f" and {len(gone) - _SHOWN} more" if len(gone) > _SHOWN else ""
    return f"no longer in the stack file, so disabled and kept with all mail: {', '.join(gone[:_SHOWN])}{more}"


def erased(difference: Difference, printed: str) -> Iterator[str]:
    """What is erased, a sentence each.

    Args:
        printed: what the step said when it ran last; it looked then how much there is.
    """
    before, after = _documents(difference)
    left = _parsed(printed).get("left") or {}
    for name in sorted({*after.get("remove", ())} - {*before.get("remove", ())}):
        found = left.get(name)
        if found is None:
            yield f"erases {name} for good, unless it is gone already or nobody disabled it before: then it is refused"
        elif found["kind"] == "domain":
            mail = _size(found["bytes"])
            yield f"erases the domain {name} for good, with {found['holds']} addresses in it and {mail} of mail"
        elif found["kind"] == "list":
            yield f"erases the list {name} for good"
        else:
            yield f"erases the {found['kind']} {name} for good, with {_size(found['bytes'])} of mail"


def _documents(difference: Difference) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    change = difference.of("ACCOUNTS") if difference.path == _PATH else None
    if change is None or isinstance(change.after, Unknown):
        return {}, {}
    return _parsed(change.before), _parsed(change.after)


def _names(document: Mapping[str, Any]) -> set[str]:
    return {item["address"] for kind in _KINDS for item in document.get(kind, ())} | {*document.get("domains", ())}


def _parsed(text: str | None) -> Mapping[str, Any]:
    try:
        found = json.loads(text or "")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _size(number: int) -> str:
    """`1536` -> `1.5 KiB`."""
    size, unit = float(number), "bytes"
    for larger in _UNITS:
        if size < 1024:  # noqa: PLR2004  # the next unit
            break
        size, unit = size / 1024, larger
    return f"{size:.3g} {unit}"
