"""The mail server's settings as it has them, by type, and what differs in them from what they shall be. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from lib.stalwart.change import Change, update

State = Mapping[str, list[dict[str, Any]]]


def one(now: State, name: str) -> dict[str, Any]:
    """Of a type that there is one object of; empty where it was never written."""
    return next(iter(now[name]), {})


def different(here: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that differ, as they shall be; what else there is stays."""
    return {key: value for key, value in wanted.items() if here.get(key) != value}


def singleton(now: State, name: str, wanted: Mapping[str, Any], what: str) -> Iterator[Change]:
    """The change of the only object of a type, if anything in it differs."""
    if changed := different(one(now, name), wanted):
        yield Change(what, update(name, "singleton", changed))
