"""The accounts, groups and lists that there shall be, as the program hands them to the scripts: one JSON document."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

ACCOUNT, GROUP, LIST = "account", "group", "list"
DOMAIN = "domain"


@dataclass(frozen=True)
class Encrypt:
    """What mail of an account is encrypted with when it comes in."""

    key: str
    """A public OpenPGP key or a certificate, armoured."""

    algorithm: str
    """By the mail server's name."""

    until: str | None = None
    """When the key ends, in ISO 8601; None: never."""


@dataclass(frozen=True)
class Thing:
    """An account, a group or a list. All addresses are in the form the server stores: lower case, A-labels."""

    kind: str
    address: str
    name: str | None = None
    """As people see it; None: as it is."""

    aliases: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    """Groups that an account belongs to."""

    quota: int | None = None
    """Bytes; None: without a limit."""

    role: str = "user"
    enabled: bool = True
    password: int = 1
    """Number of an account's password: another number sets another password."""

    encrypt: Encrypt | None = None
    """None: what its person does of it stays."""

    members: tuple[str, ...] = ()
    """Who gets a list's mail."""

    @property
    def local(self) -> str:
        return self.address.rpartition("@")[0]

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


@dataclass(frozen=True)
class Wish:
    """Everything that the stack file has."""

    domains: tuple[str, ...]
    things: tuple[Thing, ...]
    remove: tuple[str, ...] = ()
    """Addresses and domains that may be erased."""

    def of(self, kind: str) -> tuple[Thing, ...]:
        """Those of one kind."""
        return tuple(thing for thing in self.things if thing.kind == kind)

    @cached_property
    def names(self) -> frozenset[str]:
        """The main address of each, and the domains."""
        return frozenset((*self.domains, *(thing.address for thing in self.things)))


def parse(text: str) -> Wish:
    """Read the document."""
    document = json.loads(text)
    return Wish(
        domains=tuple(document["domains"]),
        things=tuple(_thing(kind, item) for kind in (ACCOUNT, GROUP, LIST) for item in document[f"{kind}s"]),
        remove=tuple(document.get("remove", ())),
    )


def _thing(kind: str, item: dict[str, Any]) -> Thing:
    lists: dict[str, Any] = {key: tuple(item[key]) for key in ("aliases", "groups", "members") if key in item}
    given: dict[str, Any] = {"kind": kind, **item, **lists}
    if "encrypt" in item:
        given["encrypt"] = Encrypt(**item["encrypt"])
    return Thing(**given)
