"""Bring accounts, groups and lists to what they shall be: look, refuse what cannot be had, write what differs."""

from collections.abc import Mapping
from typing import Any

from lib.accounts import changes, entries, passwords, record
from lib.accounts.held import Here, look
from lib.accounts.problems import problems
from lib.accounts.wish import ACCOUNT, GROUP, LIST, Wish
from lib.console import Failed
from lib.stalwart import batch
from lib.stalwart.change import Change
from lib.stalwart.jmap import Client


def apply(client: Client, wish: Wish, hashes: passwords.Hashes) -> dict[str, Any]:
    """Do it; which accounts the stack made a password for, and what was changed, in words.

    Args:
        hashes: address of each account -> hash of its password.

    Raises:
        Failed: all that cannot be had, before anything is written; or the server's reasons.
    """
    here, records = look(client), record.read(client)
    if found := list(problems(here, wish, records.entries)):
        raise Failed("; ".join(found), "docs/mail.md, Accounts, says what may follow what; nothing was changed")
    noted = entries.before(here, wish, records.entries)
    record.write(client, records, noted)
    changed = _write(client, here, wish, noted, hashes)
    gone = {address for address in noted if address not in here.things and address not in wish.addresses}
    settled = entries.after(wish, noted, gone)
    if settled != noted:
        record.write(client, record.read(client), settled, gone)
    made = sorted(thing.address for thing in wish.of(ACCOUNT) if noted[thing.address].made)
    return {"made": made, "changed": changed}


def _write(
    client: Client, here: Here, wish: Wish, noted: Mapping[str, record.Entry], hashes: passwords.Hashes
) -> list[str]:
    def write(found: list[Change], secrets: batch.Secrets | None = None) -> list[str]:
        return batch.write(client, found, about="accounts, groups and lists", secrets=secrets)

    there = [thing for thing in wish.things if thing.address in here.things]
    lacking = [thing for thing in wish.things if thing.address not in here.things]
    changed = write(list(changes.released(here, wish)))
    if groups := [changes.new(thing, here) for thing in lacking if thing.kind == GROUP]:
        changed += write(groups)
        # Accounts name the groups by their ids.
        here = look(client)
    new = [changes.new(thing, here) for kind in (LIST, ACCOUNT) for thing in lacking if thing.kind == kind]
    changed += write(new, passwords.first(new, hashes))
    different = (
        change
        for thing in there
        for change in changes.differing(here.things[thing.address], thing, here, wish, noted[thing.address])
    )
    changed += write(list(different))
    leavers = entries.leavers(here, wish, noted)
    changed += write([change for address in leavers for change in changes.leaving(here.things[address])])
    if numbered := passwords.renumbered(there, noted):
        changed += write(*passwords.others(client, here, numbered, hashes))
    return changed
