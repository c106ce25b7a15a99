"""Accounts, groups and lists: what the server has, what it shall have, and the calls that make up the difference. Pure.

Passwords are no part of it: they are set when an account is made (lib/accounts/passwords.py), its person's after that.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lib.accounts.held import Held, Here, texts
from lib.accounts.record import Entry
from lib.accounts.wish import ACCOUNT, GROUP, LIST, Thing, Wish
from lib.stalwart.change import Change, create, update

_LOCKED = "authenticate"
_WORDS = {
    "description": "name",
    "aliases": "aliases",
    "memberGroupIds": "groups",
    "quotas": "quota",
    "roles": "role",
    "permissions": "whether it is enabled",
    "recipients": "members",
}
_ROOM = "maxDiskQuota"


def said(thing: Thing | Held) -> str:
    """`account anna@example.org`."""
    return f"{thing.kind} {thing.address}"


def new(thing: Thing, here: Here) -> Change:
    """The call that makes one. An account lacks its password, which has no place here."""
    value: dict[str, Any] = {"name": thing.local, "domainId": here.domains[thing.domain]}
    value["aliases"] = _aliases(thing.aliases, here, {})
    if thing.name:
        value["description"] = thing.name
    if thing.kind == LIST:
        value["recipients"] = dict.fromkeys(thing.members, True)
        return Change(said(thing), create("MailingList", value))
    value["quotas"] = _quotas(thing, {})
    if thing.kind == GROUP:
        return Change(said(thing), create("Account", {"@type": "Group", **value}))
    value["roles"] = {"@type": thing.role.title()}
    value["memberGroupIds"] = {here.group_ids[group]: True for group in thing.groups}
    if not thing.enabled:
        value["permissions"] = locked({})
    return Change(said(thing), create("Account", {"@type": "User", **value}))


def differing(held: Held, thing: Thing, here: Here, entry: Entry | None) -> Iterator[Change]:
    """The call that makes one what it shall be, if anything differs."""
    if patch := differences(held, thing, here, entry):
        yield Change(f"{said(thing)}: {in_words(patch)}", update(held.type, held.id, patch))


def in_words(patch: Mapping[str, Any]) -> str:
    """What a difference is about."""
    return ", ".join(_WORDS[key] for key in patch)


def differences(held: Held, thing: Thing, here: Here, entry: Entry | None) -> dict[str, Any]:
    """The properties that differ, as they shall be.

    Args:
        entry: what the stack remembers of it; without one it is not the stack's.
    """
    item = held.item
    patch: dict[str, Any] = {}
    if thing.name and (item.get("description") or "") != thing.name:
        patch["description"] = thing.name
    if {*held.aliases} != {*thing.aliases}:
        patch["aliases"] = _aliases(thing.aliases, here, item.get("aliases") or {})
    if thing.kind == LIST:
        if texts(item.get("recipients")) != {*thing.members}:
            patch["recipients"] = dict.fromkeys(thing.members, True)
        return patch
    if (item.get("quotas") or {}).get(_ROOM) != thing.quota:
        patch["quotas"] = _quotas(thing, item.get("quotas") or {})
    if thing.kind == ACCOUNT:
        patch |= _of_account(held, thing, here, entry)
    return patch


def _of_account(held: Held, thing: Thing, here: Here, entry: Entry | None) -> dict[str, Any]:
    patch: dict[str, Any] = {}
    # Groups of somebody else's making are between that person and the account.
    ours = here.our_group_ids
    now = {*(held.item.get("memberGroupIds") or {})}
    if now & ours != (shall := {here.group_ids[group] for group in thing.groups if group in here.group_ids}):
        patch["memberGroupIds"] = dict.fromkeys(sorted(shall | (now - ours)), True)
    # A role of a person's own making is neither of ours, and less than an administrator's or as that person wants it.
    role = held.item["roles"]["@type"]
    if role not in ({"Admin"} if thing.role == "admin" else {"User", "Custom"}):
        patch["roles"] = {"@type": thing.role.title()}
    if held.is_locked and thing.enabled and entry and entry.locked:
        patch["permissions"] = unlocked(held.item.get("permissions") or {})
    elif not held.is_locked and not thing.enabled:
        patch["permissions"] = locked(held.item.get("permissions") or {})
    return patch


def released(here: Here, wish: Wish) -> Iterator[Change]:
    """Aliases that go from one to another: the one lets go before the other takes, for an address is one's only."""
    taken = {name: thing.address for thing in wish.things for name in (thing.address, *thing.aliases)}
    for thing in wish.things:
        held = here.things.get(thing.address)
        if held and any(taken.get(alias, thing.address) != thing.address for alias in held.aliases):
            kept = tuple(alias for alias in held.aliases if taken.get(alias, thing.address) == thing.address)
            value = _aliases(kept, here, held.item.get("aliases") or {})
            yield Change(f"{said(thing)}: aliases that others get", update(held.type, held.id, {"aliases": value}))


def leaving(held: Held) -> Iterator[Change]:
    """What one does no longer that is in the stack file no more. Mail is kept; a group just has no members."""
    if held.kind == ACCOUNT and not held.is_locked:
        value = locked(held.item.get("permissions") or {})
        yield Change(f"{said(held)}: left, disabled", update(held.type, held.id, {"permissions": value}))
    if held.kind == LIST and held.item.get("recipients"):
        yield Change(f"{said(held)}: left, passes nothing on", update(held.type, held.id, {"recipients": {}}))


def locked(permissions: Mapping[str, Any]) -> dict[str, Any]:
    """The same permissions without the one to log in, which every login asks for, by whatever password or key."""
    kind = permissions.get("@type", "Inherit")
    return {
        "@type": "Merge" if kind == "Inherit" else kind,
        "enabledPermissions": dict(permissions.get("enabledPermissions") or {}),
        "disabledPermissions": {**(permissions.get("disabledPermissions") or {}), _LOCKED: True},
    }


def unlocked(permissions: Mapping[str, Any]) -> dict[str, Any]:
    """The same permissions with the one to log in again."""
    enabled = dict(permissions.get("enabledPermissions") or {})
    disabled = {key: True for key in permissions.get("disabledPermissions") or {} if key != _LOCKED}
    if permissions.get("@type") == "Merge" and not enabled and not disabled:
        return {"@type": "Inherit"}
    return {**permissions, "enabledPermissions": enabled, "disabledPermissions": disabled}


def _quotas(thing: Thing, now: Mapping[str, Any]) -> dict[str, Any]:
    """With the limits of other things as they are."""
    others = {key: value for key, value in now.items() if key != _ROOM}
    return others if thing.quota is None else {**others, _ROOM: thing.quota}


def _aliases(names: tuple[str, ...], here: Here, now: Mapping[str, Any]) -> dict[str, Any]:
    """The server's list of aliases; those that stay keep what a person noted of them, those switched off stay off."""
    kept = {(item["name"].lower(), item["domainId"]): item for item in now.values()}
    wanted = [(local, here.domains[domain]) for local, _, domain in (name.rpartition("@") for name in names)]
    found = [kept.get(key, {"name": key[0], "domainId": key[1]}) for key in wanted]
    off = [item for key, item in kept.items() if not item.get("enabled", True) and key not in wanted]
    return {str(index): {**item, "enabled": index < len(found)} for index, item in enumerate([*found, *off])}
