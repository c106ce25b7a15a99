"""Mail domains: what the server has, what it shall have, and the calls that make up the difference.

Pure: reads go in, calls come out; an empty difference is an empty list. A domain is created and changed, never removed.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from lib.directory.wish import SERVER, Domain
from lib.stalwart.change import Change, create, update

# Not all of a domain: its zone file is written anew by the server each time it is asked for.
PROPERTIES = ("id", "name", "aliases", "catchAllAddress", "subAddressing", "dkimManagement")

Here = Sequence[Mapping[str, Any]]


def changes(here: Here, wanted: Sequence[Domain]) -> Iterator[Change]:
    """What is missing or differs. What a person set beside these settings stays."""
    known = {item["name"].lower(): item for item in here}
    for domain in wanted:
        if domain.name not in known:
            yield Change(f"domain {domain.name}", create("Domain", new(domain)))
            continue
        item = known[domain.name]
        is_now = {
            "aliases": {alias.lower() for alias in item.get("aliases") or {}},
            "catchAllAddress": (item.get("catchAllAddress") or "").lower(),
            "subAddressing": _is_on(item.get("subAddressing")),
        }
        shall_be = {
            "aliases": {*domain.aliases},
            "catchAllAddress": domain.catch_all or "",
            "subAddressing": domain.sub_addressing,
        }
        if different := {key: value for key, value in _settings(domain).items() if is_now[key] != shall_be[key]}:
            words = ", ".join(_WORDS[key] for key in different)
            yield Change(f"domain {domain.name}: {words}", update("Domain", item["id"], different))


_WORDS = {"aliases": "aliases", "catchAllAddress": "catch-all address", "subAddressing": "sub-addressing"}


def new(domain: Domain) -> dict[str, Any]:
    """A domain as it is created. Records and certificates are the program's, and the signing keys where it says so."""
    return {
        "name": domain.name,
        "dkimManagement": {"@type": "Automatic" if domain.keys[0] == SERVER else "Manual"},
        "certificateManagement": {"@type": "Manual"},
        "dnsManagement": {"@type": "Manual"},
        "reportAddressUri": "mailto:postmaster",
        **_settings(domain),
    }


def ids(here: Here, names: Collection[str] | None = None) -> dict[str, str]:
    """Name of each domain -> its id; of those names only, where some are given."""
    found = {item["name"].lower(): item["id"] for item in here}
    return found if names is None else {name: identity for name, identity in found.items() if name in names}


def _settings(domain: Domain) -> dict[str, Any]:
    return {
        "aliases": dict.fromkeys(domain.aliases, True),
        "catchAllAddress": domain.catch_all,
        "subAddressing": {"@type": "Enabled" if domain.sub_addressing else "Disabled"},
    }


def _is_on(sub_addressing: Mapping[str, Any] | None) -> bool | None:
    """None for what a person wrote by an expression, which is then set back."""
    return {"Enabled": True, "Disabled": False}.get((sub_addressing or {}).get("@type", "Enabled"))
