"""Rules of accounts, groups and lists: whose an address is, and that what names another thing finds it."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache

from components.settings.account import AccountSettings, GroupSettings, ListSettings
from components.settings.domain import DomainSettings
from components.settings.lists import circles
from components.settings.mail import own_addresses
from components.settings.mistakes import Mistake, spell
from components.settings.names import with_aliases
from components.settings.rules.rule import Rules, Sound

_KINDS = ("accounts", "groups", "lists")
_MAPS = tuple(f"{kind}_sound_alone" for kind in _KINDS)

Thing = AccountSettings | GroupSettings | ListSettings


def _addresses(sound: Sound) -> Iterator[tuple[str, str]]:
    """Every address that is somebody's, and where it stands."""
    for kind, alone in zip(_KINDS, _MAPS, strict=True):
        things: Mapping[str, Thing] = sound[alone]
        for address, thing in things.items():
            yield address, _key(sound, kind, address)
            for index, alias in enumerate(thing.aliases):
                yield alias, _key(sound, kind, address, "aliases", index)


def _key(sound: Sound, kind: str, address: str, *inside: str | int) -> str:
    """Of an account from a file, its line there."""
    if kind == "accounts" and address in sound["imported"]:
        return spell((*sound["imported"][address], *inside))
    return spell((kind, address, *inside))


def _in_both(sound: Sound) -> Iterator[Mistake]:
    for address, place in sound["imported"].items():
        if address in sound["accounts_given"]:
            yield Mistake(f"{spell(place)}.address", f"{address} stands in accounts too", "leave it in one place")


def _unique(sound: Sound) -> Iterator[Mistake]:
    first: dict[str, str] = {}
    for address, key in _addresses(sound):
        if address in first:
            yield Mistake(
                key, f"{address} is {first[address]} already", "an address is one's only: leave it in one place"
            )
        first.setdefault(address, key)


def _own(sound: Sound) -> Iterator[Mistake]:
    """The administrator and the probe are made by the stack itself."""
    for address, place in _addresses(sound):
        if address in own_addresses(sound["mail"], sound["domains"]):
            yield Mistake(
                place,
                f"{address} is the stack's own account, the administrator's or the probe's",
                "take another one; mail.admin names the administrator's",
            )


def _in_domains(sound: Sound) -> Iterator[Mistake]:
    domains: Mapping[str, DomainSettings] = sound["domains"]
    meant = {alias: name for name, section in domains.items() for alias in section.aliases}
    for address, place in _addresses(sound):
        local, _, domain = address.rpartition("@")
        if domain in meant:
            remedy = f"write {local}@{meant[domain]}, which has both addresses"
            yield Mistake(place, f"{domain} is another name of {meant[domain]}", remedy)
        elif domain not in domains:
            yield Mistake(place, f"{domain} is no domain of this stack", f"add it: domains: {domain}")


def _groups(sound: Sound) -> Iterator[Mistake]:
    groups: Mapping[str, GroupSettings] = sound["groups"]
    accounts: Mapping[str, AccountSettings] = sound["accounts_sound_alone"]

    @cache
    def remedy(group: str) -> str:
        near = get_close_matches(group, groups, n=1, cutoff=0.6)
        return f"did you mean {near[0]}?" if near else f"add it: groups: {group}"

    for address, account in accounts.items():
        for index, group in enumerate(account.groups):
            if group not in groups:
                key = _key(sound, "accounts", address, "groups", index)
                yield Mistake(key, f"{group} is not among the groups", remedy(group))


def _removed(sound: Sound) -> Iterator[Mistake]:
    """What is erased stands nowhere else any more."""
    domains: Mapping[str, DomainSettings] = sound["domains"]
    places = {name: spell(("domains", name)) for name in with_aliases(domains)}
    places |= {
        section.catch_all: spell(("domains", name, "catch_all"))
        for name, section in domains.items()
        if section.catch_all
    }
    places |= dict(_addresses(sound))
    places |= dict.fromkeys(own_addresses(sound["mail"], domains), "the stack's own account")
    for index, name in enumerate(sound["remove"]):
        if name in places:
            remedy = "take it out there first and run once: it is disabled, and what is erased with it is told"
            yield Mistake(spell(("remove", index)), f"{name} is {places[name]}", remedy)


def _circles(sound: Sound) -> Iterator[Mistake]:
    for way in circles(sound["lists"]):
        text = " -> ".join([*way, way[0]])
        yield Mistake(
            spell(("lists", way[0], "members")), f"the list leads back to itself: {text}", "take one of them out"
        )


def _secret(sound: Sound) -> Iterator[Mistake]:
    """A hash is as good as a password to who has time.

    Args:
        sound: the accounts, and under `secret` the keys that the stack file keeps as secrets, whole or in part.
    """
    accounts: Mapping[str, AccountSettings] = sound["accounts_sound_alone"]
    if "accounts" in sound["secret"]:
        return
    for address, account in accounts.items():
        if account.password_hash and address not in sound["imported"]:
            key = spell(("accounts", address, "password_hash"))
            yield Mistake(key, "is a secret and must be stored as one", f"pulumi config set --secret --path '{key}'")


RULES: Rules = (
    (("accounts_sound_alone",), _in_both),
    (_MAPS, _unique),
    ((*_MAPS, "domains", "mail"), _own),
    ((*_MAPS, "domains"), _in_domains),
    (("accounts_sound_alone", "groups"), _groups),
    ((*_MAPS, "domains", "mail", "remove"), _removed),
    (("lists",), _circles),
    (("accounts_sound_alone",), _secret),
)
