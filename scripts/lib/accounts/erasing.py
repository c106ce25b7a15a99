"""What is erased for good, and what must not be: by name, and only what a run before has disabled and told. Pure."""

from collections.abc import Iterator, Mapping

from lib.accounts.changes import said
from lib.accounts.held import Held, Here
from lib.accounts.record import Entry
from lib.accounts.wish import ACCOUNT, GROUP, LIST, Wish
from lib.stalwart.change import Change, destroy

Entries = Mapping[str, Entry]
# An account refers to its groups, so it goes before them.
_ORDER = (LIST, ACCOUNT, GROUP)


def things(here: Here, wish: Wish) -> list[Held]:
    """The accounts, groups and lists that go: those that are named, and all in a domain that is."""
    found = (
        held
        for address, held in here.things.items()
        if address in wish.remove or address.rpartition("@")[2] in wish.remove
    )
    return sorted(found, key=lambda held: (_ORDER.index(held.kind), held.address))


def domains(here: Here, wish: Wish) -> dict[str, str]:
    """Name and id of the domains that go."""
    return {name: here.domains[name] for name in wish.remove if name in here.domains}


def changes(here: Here, wish: Wish) -> list[Change]:
    """The calls for all but the domains, in their order. The server erases the mail of an account with it."""
    return [Change(f"{said(held)} is erased", destroy(held.type, held.id)) for held in things(here, wish)]


def refusals(here: Here, wish: Wish, entries: Entries) -> Iterator[str]:
    """Why something cannot be erased."""
    going = things(here, wish)
    for name in wish.remove:
        if name in here.domains:
            yield from _known(f"domain {name}", entries.get(name))
        elif name not in here.things and name in here.owners:
            yield f"{name} is an alias of the {said(here.owners[name])}: take it out there"
    for held in going:
        yield from _known(said(held), entries.get(held.address))
    addresses = {held.address for held in going}
    groups = {one.id: one for one in going if one.kind == GROUP}
    for held in here.things.values():
        if held.address not in addresses and held.address not in wish.names:
            yield from _holds(held, here, wish, groups)


def _known(what: str, entry: Entry | None) -> Iterator[str]:
    if entry is None:
        yield f"{what} is not this stack's, so it stays: erase it in the web page, or put it into the stack file once"
    elif not entry.left:
        yield f"{what} has not left the stack file yet: run once without remove, to see what goes with it"


def _holds(held: Held, here: Here, wish: Wish, groups: Mapping[str, Held]) -> Iterator[str]:
    """What refers to something that goes, stays, and is not in the stack file, which would let go of it by itself."""
    for alias in (*held.aliases, *held.resting):
        domain = alias.rpartition("@")[2]
        if domain in wish.remove and domain in here.domains:
            yield f"{said(held)} has the alias {alias}: domain {domain} cannot go before it"
    for identity in held.item.get("memberGroupIds") or {}:
        if identity in groups:
            yield f"{said(held)} is a member of the {said(groups[identity])}, which cannot go before that ends"
