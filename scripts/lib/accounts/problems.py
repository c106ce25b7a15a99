"""Why accounts, groups and lists cannot become what the stack file says: told together, before anything is written."""

from collections.abc import Iterator, Mapping

from lib.accounts import changes, encryption
from lib.accounts.held import Held, Here
from lib.accounts.record import Entry
from lib.accounts.wish import Thing, Wish


def problems(here: Here, wish: Wish, entries: Mapping[str, Entry]) -> Iterator[str]:
    """A sentence each.

    Args:
        entries: what the stack remembers.
    """
    for domain in wish.domains:
        if domain not in here.domains:
            yield f"the mail server lacks the domain {domain}"
    shall = {thing.address: thing for thing in wish.things}
    for thing in wish.things:
        for address in (thing.address, *thing.aliases):
            yield from _taken(address, thing, here, shall)
        held = here.things.get(thing.address)
        if held and held.kind == thing.kind:
            yield from _not_ours(held, thing, here, entries.get(thing.address))


def _taken(address: str, thing: Thing, here: Here, shall: dict[str, Thing]) -> Iterator[str]:
    """An address that another has, and does not let go in this run."""
    owner = here.owners.get(address)
    if owner is None or (owner.address == thing.address and owner.kind == thing.kind):
        return
    other = shall.get(owner.address)
    lets_go = (
        other is not None
        and other.kind == owner.kind
        and address in owner.aliases
        and address not in (other.address, *other.aliases)
    )
    if not lets_go:
        yield f"{changes.said(thing)}: on the mail server {address} belongs to the {changes.said(owner)}"


def _not_ours(held: Held, thing: Thing, here: Here, entry: Entry | None) -> Iterator[str]:
    """One that is there and was not made here is taken over as it is, and not changed."""
    if entry is not None:
        return
    different = [
        f"{changes.in_words({key: 0})}: {_there(held, key)}" for key in changes.differences(held, thing, here, None)
    ]
    if thing.encrypt and encryption.differs(held, thing, here):
        different.append(f"encryption: {encryption.there(held)}")
    if different:
        there = "; ".join(different)
        yield (
            f"{changes.said(thing)} is there, was not made by this stack, and is different. It is taken over only as it"
            f" is: {there}"
        )


def _there(held: Held, key: str) -> str:
    """What the server has, for who has to write it down."""
    room = (held.item.get("quotas") or {}).get("maxDiskQuota")
    told = {
        "aliases": ", ".join(held.aliases),
        "quotas": f"{room} bytes" if room else "",
        "roles": str((held.item.get("roles") or {}).get("@type", "")).lower(),
        "permissions": "disabled" if held.is_locked else "enabled",
        "recipients": ", ".join(sorted(held.item.get("recipients") or {})),
        "memberGroupIds": "others",
        "description": held.item.get("description"),
    }
    return told[key] or "none"
