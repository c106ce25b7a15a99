"""Passwords of accounts: set when an account is made, and once for each other number that the stack file gives it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lib.accounts.changes import said
from lib.accounts.held import Here
from lib.accounts.record import Entry
from lib.accounts.wish import ACCOUNT, Thing
from lib.console import Failed
from lib.stalwart.change import Change, update
from lib.stalwart.jmap import Client
from lib.stalwart.listing import MOST_OBJECTS

Hashes = Mapping[str, str]
"""Address -> hash of its password. Clear text never comes to a host."""


def first(changes: Sequence[Change], hashes: Hashes) -> dict[str, dict[str, Any]]:
    """What goes with the calls that make accounts."""
    found = {}
    for change in changes:
        kind, _, address = change.what.partition(" ")
        if kind == ACCOUNT:
            found[change.what] = {"credentials": {"0": {"@type": "Password", "secret": hashes[address]}}}
    return found


def renumbered(there: Iterable[Thing], entries: Mapping[str, Entry]) -> list[Thing]:
    """Of what is there, the accounts whose number is another than that of the password that was set last."""
    return [thing for thing in there if thing.kind == ACCOUNT and entries[thing.address].password != thing.password]


def others(client: Client, here: Here, things: Sequence[Thing], hashes: Hashes) -> tuple[list[Change], dict[str, Any]]:
    """The calls that set another password each, and what goes with them.

    Only the one secret: writing all credentials would take app passwords away.

    Raises:
        Failed: an account has no password that could be replaced.
    """
    ids = [here.things[thing.address].id for thing in things]
    places = dict(_places(client, ids))
    changes, secrets = [], {}
    for thing, identity in zip(things, ids, strict=True):
        if identity not in places:
            raise Failed(f"{said(thing)} has no password of its own that could be replaced")
        change = Change(f"{said(thing)}: password {thing.password}", update("Account", identity, {}))
        changes.append(change)
        secrets[change.what] = {f"credentials/{places[identity]}/secret": hashes[thing.address]}
    return changes, secrets


def _places(client: Client, ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Id of each account -> where among its credentials the password stands."""
    for start in range(0, len(ids), MOST_OBJECTS):
        page = list(ids[start : start + MOST_OBJECTS])
        (answer,) = client.call(("x:Account/get", {"ids": page, "properties": ["id", "credentials"]}))
        for item in answer["list"]:
            for place, credential in (item.get("credentials") or {}).items():
                if credential["@type"] == "Password":
                    yield item["id"], place
