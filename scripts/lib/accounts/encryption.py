"""Encryption of mail at rest: an account is given the key that the stack file names, and loses only the stack's own.

Mail that is stored already stays as it is, in clear or encrypted, whatever changes here.
"""

from collections.abc import Sequence
from typing import Any

from lib.accounts import public_keys
from lib.accounts.held import Held, Here
from lib.accounts.wish import ACCOUNT, Thing, Wish
from lib.stalwart import batch
from lib.stalwart.change import Change, destroy, update
from lib.stalwart.jmap import Client

_OFF = {"@type": "Disabled"}


def differs(held: Held, thing: Thing, here: Here) -> bool:
    """Whether mail shall be encrypted otherwise. Where the stack says nothing, what the account's person set stays."""
    key = here.keys.get(held.encryption.get("publicKey", ""))
    if thing.encrypt is None:
        return key is not None and key.is_ours
    return held.encryption["@type"] != thing.encrypt.algorithm or key is None or key.text != thing.encrypt.key.strip()


def there(held: Held) -> str:
    """What the server has, for who has to write it down."""
    return "none" if held.encryption["@type"] == "Disabled" else "with another key or by another algorithm"


def write(client: Client, here: Here, wish: Wish) -> list[str]:
    """Make good what differs; what was changed, in words.

    Args:
        here: as of now, with all accounts that there shall be.

    Raises:
        Failed: the server's reason.
    """
    pairs = [(here.things[thing.address], thing) for thing in wish.of(ACCOUNT) if thing.address in here.things]
    different = [(held, thing) for held, thing in pairs if differs(held, thing, here)]
    if different and not here.keys:
        # Of a run that was interrupted there may be some.
        here = Here(here.domains, here.things, here.ours, public_keys.read(client))
    ids = _keys(client, here, different)
    changed = batch.write(
        client,
        [_change(held, thing, ids.get(held.id, "")) for held, thing in different],
        about="encryption of accounts",
    )
    others = {*here.things} - {held.address for held, _ in different}
    used = {here.things[address].encryption.get("publicKey", "") for address in others}
    left = public_keys.unused(here.keys.values(), used | {*ids.values()})
    gone = [Change(f"key {key.id} of the stack's that nobody needs", destroy("PublicKey", key.id)) for key in left]
    return [*changed, *batch.write(client, gone, about="keys that nobody needs")]


def _keys(client: Client, here: Here, different: Sequence[tuple[Held, Thing]]) -> dict[str, str]:
    """Id of each account that shall have one -> id of its key, which is made where the server lacks it."""
    kept = {(key.account, key.text): key.id for key in here.keys.values() if key.is_ours}
    found, lacking = dict[str, str](), dict[str, tuple[str, str | None]]()
    for held, thing in different:
        if thing.encrypt is None:
            continue
        if identity := kept.get((held.id, thing.encrypt.key.strip())):
            found[held.id] = identity
        else:
            lacking[held.id] = (thing.encrypt.key, thing.encrypt.until)
    return found | public_keys.create(client, lacking, {held.id: held.address for held, _ in different})


def _change(held: Held, thing: Thing, key: str) -> Change:
    what = f"{thing.kind} {thing.address}: encryption"
    if thing.encrypt is None:
        return Change(f"{what} ends", update(held.type, held.id, {"encryptionAtRest": _OFF}))
    # What its person chose beside the key stays.
    value: dict[str, Any] = {"encryptOnAppend": False, "allowSpamTraining": False, **held.encryption}
    value |= {"@type": thing.encrypt.algorithm, "publicKey": key}
    return Change(what, update(held.type, held.id, {"encryptionAtRest": value}))
