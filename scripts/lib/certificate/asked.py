"""Of whom each domain has its certificate, as the mail server knows it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lib.stalwart.change import Change, update
from lib.stalwart.jmap import Client
from lib.stalwart.listing import every

_PROPERTIES = ("id", "name", "certificateManagement", "dnsManagement")


@dataclass(frozen=True)
class Asked:
    """One domain. Where no authority is asked, `directory` is empty."""

    id: str
    domain: str
    directory: str
    names: frozenset[str]
    dns_server: str = ""
    """Id of the object by which the server writes to the domain's zone; empty where it writes nothing."""

    zone: str | None = None


def read(client: Client, domains: Mapping[str, Any] | None = None) -> list[Asked]:
    """The domains of the stack, as far as the server has them; all that it has, where none are named."""
    (answer,) = client.call(("x:AcmeProvider/get", {"ids": None}))
    directories = {provider["id"]: str(provider["directory"]) for provider in answer["list"]}
    found = []
    for item in every(client, "Domain", _PROPERTIES):
        management, records = item["certificateManagement"], item["dnsManagement"]
        if domains is None or item["name"].lower() in domains:
            directory = directories.get(management.get("acmeProviderId"), "")
            names = frozenset(management.get("subjectAlternativeNames") or ())
            server, zone = str(records.get("dnsServerId") or ""), records.get("origin")
            found.append(Asked(item["id"], item["name"].lower(), directory, names, server, zone))
    return found


def nobody(asked: Sequence[Asked]) -> Iterator[Change]:
    """Ask no authority any more."""
    for one in asked:
        if one.directory:
            yield _change(one, {"@type": "Manual"}, "no authority is asked")


def another(one: Asked, directory: str, provider: str, names: Sequence[str]) -> Iterator[Change]:
    """Ask an authority for some names, where it is not the one, or not these names.

    The server asks when a domain that asked nobody begins to: other names alone would wait for the next renewal.
    Source: crates/jmap/src/registry/mapping/domain.rs.
    """
    if (one.directory, one.names) == (directory, frozenset(names)):
        return
    yield from nobody([one])
    value = {"@type": "Automatic", "acmeProviderId": provider, "subjectAlternativeNames": dict.fromkeys(names, True)}
    yield _change(one, value, f"{len(names)} names are asked for")


def _change(one: Asked, value: Mapping[str, Any], what: str) -> Change:
    return Change(f"certificate of {one.domain}: {what}", update("Domain", one.id, {"certificateManagement": value}))
