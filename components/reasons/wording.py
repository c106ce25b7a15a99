"""A difference in one line for a person. Of a value only what is harmless to all who see a log, of others the name."""

import json
from collections.abc import Iterable, Mapping

from components.reasons.compare import Change, Difference, Unknown

# Harmless and short. Everything else may be a password, a key, or a URL with one in it.
SHOWN = frozenset(
    {
        "ADDRESS",
        "ADDRESS_SECONDS",
        "DEVICE",
        "ENGINE",
        "FDB_CACHE",
        "FDB_MEMORY",
        "FDB_VERSION",
        "LAB_ADDRESS",
        "LAB_DEBIAN",
        "LOOK",
        "MIN_DISK_GIB",
        "MIN_MEMORY_MIB",
        "PACKAGES",
        "REDUNDANCY",
        "SSH_PORT",
        "STALWART_HOSTNAME",
        "STALWART_VERSION",
        "TANG_PORT",
        "THRESHOLD",
        "TOLERANCE",
        "TRANSACTION_TIMEOUT",
        "ZONE",
        "connection.dialErrorLimit",
        "connection.host",
        "connection.perDialTimeout",
        "connection.port",
        "connection.user",
        "logging",
        "shell",
    }
)

# Lists of nodes and what is between two of them. As harmless: who comes and who goes is what matters.
MEMBERS = {"COORDINATORS": " ", "HOSTS": "\n", "NATS_ADDRESSES": " ", "NATS_PEERS": " ", "PROCESSES": " "}

# Documents of which the names of the parts are harmless.
DOCUMENTS = frozenset({"ACCOUNTS", "CLUSTER", "DIRECTORY", "WISH"})

_MEANING = {
    "ADDRESSES": "where the names lead to",
    "CAUSE": "what was done before it",
    "FILES": "what is sent",
    "LOOK": "the authority had not issued when the last run looked",
    "MACHINE": "another machine",
    "MACHINES": "another machine",
    "STATES": "what the nodes find",
}
_LONGEST = 60


def reason(difference: Difference, secrets: Iterable[str] = ()) -> str:
    """Why a step runs again, e.g. `runs again: FDB_VERSION 7.4.6 -> 7.4.7`.

    Args:
        secrets: names of variables of which nothing but the name may be told, listed as harmless or not.
    """
    hidden = frozenset(secrets)
    # What says most comes first.
    by_weight = sorted(difference.changes, key=lambda change: (not change.certain, not _is_open(change, hidden)))
    told = [_told(change, hidden) for change in by_weight]
    if difference.script:
        told.append(f"scripts/{difference.path} changed")
    if difference.script and len(told) == 1:
        told[0] += ", which touches only what it finds different from what it wants"
    return (
        f"{'runs' if difference.certain else 'may run'} again: {'; '.join(told) or 'nothing that it is given changed'}"
    )


def _is_open(change: Change, hidden: frozenset[str]) -> bool:
    """Whether more than the name may be told."""
    return change.name in SHOWN | DOCUMENTS | MEMBERS.keys() and change.name not in hidden


def _told(change: Change, hidden: frozenset[str]) -> str:
    name = f"{change.name} ({_MEANING[change.name]})" if change.name in _MEANING else change.name
    if isinstance(change.after, Unknown):
        return f"{name} is {change.after.value}"
    if not _is_open(change, hidden):
        happened = "is new" if change.before is None else "is gone" if change.after is None else "changed"
        return f"{name} {happened}"
    if change.name in DOCUMENTS:
        return f"{name}: {', '.join(parts(change)) or 'its form'} changed"
    if between := MEMBERS.get(change.name):
        return f"{name}: {_moves(_members(change.before, between), _members(change.after, between))}"
    return f"{name} {_shown(change.before)} -> {_shown(change.after)}"


def parts(change: Change) -> list[str]:
    """The keys of a JSON document whose values are different; none where it is not known or not JSON."""
    before, after = (_document(text) for text in (change.before, change.after))
    return sorted(key for key in {*before, *after} if before.get(key) != after.get(key))


def _document(text: object) -> Mapping[str, object]:
    try:
        document = json.loads(str(text))
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _members(text: str | None, between: str) -> list[str]:
    """`address`, `address=zone`, or the name at the end of `address hostname name`."""
    return [item.split()[-1] for item in (text or "").split(between) if item]


def _moves(before: list[str], after: list[str]) -> str:
    moves = [*_move(after, before, "joins", "join"), *_move(before, after, "leaves", "leave")]
    return ", ".join(moves) or "the order changed"


def _move(some: list[str], others: list[str], one: str, many: str) -> list[str]:
    moved = [item.replace("=", " in zone ") for item in some if item not in others]
    return [f"{', '.join(moved)} {one if len(moved) == 1 else many}"] if moved else []


def _shown(text: str | None) -> str:
    if not text:
        return "nothing"
    return text if len(text) <= _LONGEST and text.isprintable() else "something long"
