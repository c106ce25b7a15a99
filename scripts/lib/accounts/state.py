"""How accounts, groups and lists stand against the stack file, for `make status`. Nothing of passwords. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from lib.accounts import changes, encryption
from lib.accounts.held import Held, Here
from lib.accounts.record import Entry
from lib.accounts.wish import ACCOUNT, Thing, Wish


def state(here: Here, wish: Wish, entries: Mapping[str, Entry]) -> dict[str, Any]:
    """Which are missing, which somebody disabled by hand, which differ and in what, which have left the stack file."""
    there = [(thing, here.things[thing.address]) for thing in wish.things if thing.address in here.things]
    return {
        "missing": [changes.said(thing) for thing in wish.things if thing.address not in here.things],
        "disabled": [thing.address for thing, held in there if thing.enabled and _by_hand(held, entries)],
        "different": [
            what for thing, held in there for what in _differing(held, thing, here, entries.get(thing.address))
        ],
        "left": sorted(address for address, entry in entries.items() if entry.left and here.has(address)),
    }


def _differing(held: Held, thing: Thing, here: Here, entry: Entry | None) -> Iterator[str]:
    yield from (change.what for change in changes.differing(held, thing, here, entry))
    if thing.kind == ACCOUNT and encryption.differs(held, thing, here):
        yield f"{changes.said(thing)}: encryption"


def _by_hand(held: Held, entries: Mapping[str, Entry]) -> bool:
    """Whether nobody logs in to an account, and it was not the stack that said so."""
    entry = entries.get(held.address)
    return held.kind == ACCOUNT and held.is_locked and not (entry and entry.locked)
