"""What the stack has to remember of accounts, groups, lists and domains, before a run changes them and after. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from lib.accounts.held import Here
from lib.accounts.record import Entry
from lib.accounts.wish import ACCOUNT, DOMAIN, Wish

Entries = Mapping[str, Entry]


def before(here: Here, wish: Wish, entries: Entries) -> dict[str, Entry]:
    """What is about to be done: a run that is interrupted has to know its own when it goes on."""
    noted = {**entries, **{name: entries.get(name, Entry(DOMAIN, made=True)) for name in wish.domains}}
    for thing in wish.things:
        held = here.things.get(thing.address)
        entry = entries.get(thing.address)
        if entry is None or held is None:
            entry = Entry(thing.kind, made=held is None, password=thing.password)
        locks = thing.kind == ACCOUNT and not thing.enabled and not (held and held.is_locked)
        noted[thing.address] = replace(entry, locked=entry.locked or locks)
    for address in leavers(here, wish, entries):
        held = here.things[address]
        if held.kind == ACCOUNT and not held.is_locked:
            noted[address] = replace(noted[address], locked=True)
    return noted


def leavers(here: Here, wish: Wish, entries: Entries) -> list[str]:
    """The accounts, groups and lists that are in the stack file no more since the last run."""
    return sorted(
        address
        for address, entry in entries.items()
        if address in here.things and not entry.left and address not in wish.names
    )


def after(wish: Wish, entries: Entries, gone: Collection[str]) -> dict[str, Entry]:
    """What was done.

    Args:
        gone: those that the server does not have any more.
    """
    shall = {thing.address: thing for thing in wish.things}
    done = {}
    for name, entry in entries.items():
        if thing := shall.get(name):
            locked = entry.locked and not thing.enabled
            done[name] = replace(entry, password=thing.password, locked=locked, left=False)
        elif name in wish.domains:
            done[name] = replace(entry, left=False)
        elif name not in gone:
            done[name] = replace(entry, left=True)
    return done
