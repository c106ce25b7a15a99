"""What the mail server holds: its domains, accounts, groups and lists, each by its address."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lib.accounts.public_keys import PublicKey, read
from lib.accounts.wish import ACCOUNT, GROUP, LIST
from lib.stalwart.jmap import Client
from lib.stalwart.listing import every

# Not the room that is used: the server adds it up for each that is asked.
_ACCOUNT = (
    "@type",
    "id",
    "name",
    "domainId",
    "description",
    "aliases",
    "memberGroupIds",
    "permissions",
    "quotas",
    "roles",
    "encryptionAtRest",
)
_LIST = ("id", "name", "domainId", "description", "aliases", "recipients")
TYPES = {ACCOUNT: "Account", GROUP: "Account", LIST: "MailingList"}
_LOCKED = "authenticate"


@dataclass(frozen=True)
class Held:
    """One account, group or list as the server has it."""

    kind: str
    address: str
    id: str
    item: Mapping[str, Any]
    aliases: tuple[str, ...]
    """Other addresses of it that work."""

    resting: tuple[str, ...] = ()
    """Other addresses of it that a person switched off."""

    @property
    def type(self) -> str:
        """The server's name for objects of this kind."""
        return TYPES[self.kind]

    @property
    def encryption(self) -> Mapping[str, Any]:
        """How its mail is encrypted when it comes in: `@type` is the algorithm, or `Disabled`."""
        return self.item.get("encryptionAtRest") or {"@type": "Disabled"}

    @property
    def is_locked(self) -> bool:
        """Whether nobody can log in, by permissions."""
        permissions = self.item.get("permissions") or {}
        if _LOCKED in (permissions.get("disabledPermissions") or {}):
            return True
        return permissions.get("@type") == "Replace" and _LOCKED not in (permissions.get("enabledPermissions") or {})


@dataclass(frozen=True)
class Here:
    """All of it."""

    domains: Mapping[str, str]
    """Name -> id."""

    things: Mapping[str, Held]

    ours: frozenset[str] = frozenset()
    """Addresses of the groups that are the stack's, or have been."""

    keys: Mapping[str, PublicKey] = field(default_factory=dict)
    """Id -> key that mail may be encrypted with; read only where some account's is."""

    def has(self, name: str) -> bool:
        """Whether there is something of this address, or a domain of this name."""
        return name in self.things or name in self.domains

    @cached_property
    def owners(self) -> Mapping[str, Held]:
        """Every address -> whose it is."""
        return {name: held for held in self.things.values() for name in (held.address, *held.aliases, *held.resting)}

    @cached_property
    def group_ids(self) -> Mapping[str, str]:
        """Address of each group -> its id."""
        return {address: held.id for address, held in self.things.items() if held.kind == GROUP}

    @cached_property
    def our_group_ids(self) -> frozenset[str]:
        """Ids of the groups that are the stack's, or have been."""
        return frozenset(identity for address, identity in self.group_ids.items() if address in self.ours)


def look(client: Client, ours: Iterable[str] = ()) -> Here:
    """Ask the server.

    Args:
        ours: addresses that are the stack's, or have been.
    """
    domains = every(client, "Domain", ("id", "name"))
    names = {item["id"]: item["name"].lower() for item in domains}
    found = [
        _held(ACCOUNT if item["@type"] == "User" else GROUP, item, names) for item in every(client, "Account", _ACCOUNT)
    ]
    found += [_held(LIST, item, names) for item in every(client, "MailingList", _LIST)]
    held = {one.address: one for one in found}
    keys = read(client) if any("publicKey" in one.encryption for one in found) else {}
    return Here({name: identity for identity, name in names.items()}, held, frozenset(ours), keys)


def _held(kind: str, item: Mapping[str, Any], names: Mapping[str, str]) -> Held:
    aliases = list((item.get("aliases") or {}).values())
    by_use: dict[bool, list[str]] = {True: [], False: []}
    for alias in aliases:
        by_use[alias.get("enabled", True)].append(_address(alias, names))
    return Held(kind, _address(item, names), item["id"], item, tuple(by_use[True]), tuple(by_use[False]))


def _address(item: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return f"{item['name'].lower()}@{names.get(item['domainId'], '')}"


def texts(values: Mapping[str, Any] | Sequence[str] | None) -> set[str]:
    """A set of the server's, which is a map of `true`."""
    return {text.lower() for text in values or ()}
