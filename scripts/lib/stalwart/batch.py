"""Many changes of objects in few calls, with a reason for each that was refused."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from lib.console import Failed, log
from lib.stalwart.change import Change
from lib.stalwart.jmap import Call, Client, reasons

# The server takes 500 in one call, and works on one object for up to 10 ms: a request has to end in time.
AT_ONCE = 200
_SHOWN = 10
_VERBS = ("create", "update", "destroy")

Secrets = Mapping[str, Mapping[str, Any]]
"""What a change is about, by its words -> properties that go with it and are in no log."""


def write(
    client: Client, changes: Sequence[Change], *, about: str, secrets: Secrets | None = None, at_once: int = AT_ONCE
) -> list[str]:
    """Make changes; what was changed, in words. Those that follow each other and are of one type go together.

    Args:
        about: what they are, for a word on the way where there are many; empty: nothing is said.
        secrets: what is added to some of them.
        at_once: how many go into one call.

    Raises:
        Failed: the server's reasons, of all that it refused in one call. The others of that call are done.
    """
    done = 0
    for part in _parts(changes, at_once):
        done += len(part)
        for line in _progress(about, part, done, len(changes)):
            log(line)
        answer = client.outcome(_together(part, secrets or {}))
        words = _references(part)
        refused = [f"{words[reference]}: {why}" for reference, why in reasons(answer) if reference in words]
        if refused:
            more = f"; and {len(refused) - _SHOWN} more" if len(refused) > _SHOWN else ""
            raise Failed(f"the mail server refused {'; '.join(refused[:_SHOWN])}{more}")
    return [change.what for change in changes]


def _parts(changes: Sequence[Change], at_once: int) -> Iterator[list[Change]]:
    for _, found in groupby(changes, key=lambda change: change.call[0]):
        alike = list(found)
        yield from (alike[start : start + at_once] for start in range(0, len(alike), at_once))


def _progress(about: str, part: Sequence[Change], done: int, whole: int) -> Iterator[str]:
    if not about:
        return
    if whole <= _SHOWN:
        yield from (f"setting: {change.what}" for change in part)
    else:
        yield f"{about}: {done} of {whole}"


def _together(changes: Iterable[Change], secrets: Secrets) -> Call:
    """One call for all of them."""
    merged: dict[str, Any] = {"create": {}, "update": {}, "destroy": []}
    method = ""
    for number, change in enumerate(changes):
        method, arguments = change.call
        more = secrets.get(change.what, {})
        for value in (arguments.get("create") or {}).values():
            merged["create"][_name(number)] = {**value, **more}
        for identity, value in (arguments.get("update") or {}).items():
            merged["update"][identity] = {**merged["update"].get(identity, {}), **value, **more}
        merged["destroy"] += arguments.get("destroy") or []
    return method, {verb: merged[verb] for verb in _VERBS if merged[verb]}


def _references(changes: Iterable[Change]) -> dict[str, str]:
    """How the call names each change -> its words."""
    found: dict[str, str] = {}
    for number, change in enumerate(changes):
        _, arguments = change.call
        names = (
            [_name(number)] if "create" in arguments else [*arguments.get("update", {}), *arguments.get("destroy", [])]
        )
        found |= dict.fromkeys(names, change.what)
    return found


def _name(number: int) -> str:
    return f"n{number}"
