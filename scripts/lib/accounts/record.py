"""Which accounts, groups and lists are the stack's: written down in the mail server's own database.

There it is the same for every node, survives this host and the state of the stack, and goes into every backup together
with what it is about. One pair for each in a lookup table of the server's, which nothing looks up.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from lib.stalwart import batch
from lib.stalwart.change import Change, create, destroy, update
from lib.stalwart.jmap import Client
from lib.stalwart.listing import every

_TYPE = "MemoryLookupKeyValue"
_NAMESPACE = "stalwart-cluster-accounts"


@dataclass(frozen=True)
class Entry:
    """What the stack remembers of one."""

    kind: str
    made: bool
    """Whether the stack made it; else it was there already, as the stack file has it."""

    password: int = 1
    """The number of the password that was set last."""

    locked: bool = False
    """Whether it was the stack that locked it."""

    left: bool = False
    """Whether it is in the stack file no more."""


@dataclass(frozen=True)
class Records:
    """All entries by address, and the ids under which the server keeps them."""

    entries: Mapping[str, Entry]
    ids: Mapping[str, str]


def read(client: Client) -> Records:
    """What was written down."""
    found = [
        item for item in every(client, _TYPE, ("id", "namespace", "key", "value")) if item["namespace"] == _NAMESPACE
    ]
    return Records(
        {item["key"]: Entry(**json.loads(item["value"])) for item in found}, {item["key"]: item["id"] for item in found}
    )


def write(client: Client, before: Records, entries: Mapping[str, Entry], gone: Iterable[str] = ()) -> None:
    """Write down what is new or different, and strike out what is gone.

    Raises:
        Failed: the server's reason.
    """
    changes = [
        _change(before, address, entry) for address, entry in entries.items() if before.entries.get(address) != entry
    ]
    changes += [
        Change(f"the record of {address}", destroy(_TYPE, before.ids[address]))
        for address in gone
        if address in before.ids
    ]
    batch.write(client, changes, about="")


def _change(before: Records, address: str, entry: Entry) -> Change:
    value = json.dumps(asdict(entry), sort_keys=True)
    what = f"the record of {address}"
    if address in before.ids:
        return Change(what, update(_TYPE, before.ids[address], {"value": value}))
    pair = {"namespace": _NAMESPACE, "key": address, "value": value, "isGlobPattern": False}
    return Change(what, create(_TYPE, pair))
