"""Bring accounts, groups and lists to what they shall be: look, refuse what cannot be had, write what differs."""

from collections.abc import Mapping
from typing import Any

from lib.accounts import changes, encryption, entries, erasing, passwords, record
from lib.accounts.held import Here, look
from lib.accounts.leavings import leavings
from lib.accounts.problems import problems
from lib.accounts.wish import ACCOUNT, GROUP, LIST, Wish
from lib.console import Failed
from lib.directory import signing
from lib.stalwart import batch
from lib.stalwart.change import Change, destroy
from lib.stalwart.jmap import Client


def apply(client: Client, wish: Wish, hashes: passwords.Hashes) -> dict[str, Any]:
    """Do it; which accounts the stack made a password for, what was changed, in words, and what has left and is kept.

    Args:
        hashes: address of each account -> hash of its password.

    Raises:
        Failed: all that cannot be had, before anything is written; or the server's reasons.
    """
    records = record.read(client)
    here = look(client, {*records.entries, *wish.names})
    found = [*problems(here, wish, records.entries), *erasing.refusals(here, wish, records.entries)]
    if found:
        raise Failed("; ".join(found), "docs/mail.md, Accounts, says what may follow what; nothing was changed")
    noted = entries.before(here, wish, records.entries)
    record.write(client, records, noted)
    changed = _write(client, here, wish, noted, hashes)
    if any(thing.encrypt and thing.address not in here.things for thing in wish.things):
        # Keys are kept for accounts by their ids.
        changed += encryption.write(client, look(client, here.ours), wish)
    else:
        changed += encryption.write(client, here, wish)
    changed += _erase(client, here, wish)
    gone = {held.address for held in erasing.things(here, wish)} | {*erasing.domains(here, wish)}
    gone |= {name for name in noted if name not in wish.names and not here.has(name)}
    settled = entries.after(wish, noted, gone)
    if settled != noted:
        record.write(client, record.read(client), settled, gone)
    made = sorted(thing.address for thing in wish.of(ACCOUNT) if noted[thing.address].made)
    return {"made": made, "changed": changed, "left": leavings(client, here, settled)}


def _erase(client: Client, here: Here, wish: Wish) -> list[str]:
    """Erase what the stack file names: first what lies in a domain and what it signs with, then the domain."""
    changed = batch.write(client, erasing.changes(here, wish), about="what is erased")
    going = erasing.domains(here, wish)
    if not going:
        return changed
    signing_keys = [one for found in signing.read(client, going).values() for one in found]
    keys = [Change(f"signing key {one.selector}", destroy("DkimSignature", one.id)) for one in signing_keys]
    names = [Change(f"domain {name} is erased", destroy("Domain", identity)) for name, identity in going.items()]
    return [*changed, *batch.write(client, [*keys, *names], about="what is erased")]


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
        here = look(client, here.ours)
    new = [changes.new(thing, here) for kind in (LIST, ACCOUNT) for thing in lacking if thing.kind == kind]
    changed += write(new, passwords.first(new, hashes))
    different = (
        change
        for thing in there
        for change in changes.differing(here.things[thing.address], thing, here, noted[thing.address])
    )
    changed += write(list(different))
    leavers = entries.leavers(here, wish, noted)
    changed += write([change for address in leavers for change in changes.leaving(here.things[address])])
    if numbered := passwords.renumbered(there, noted):
        changed += write(*passwords.others(client, here, numbered, hashes))
    return changed
