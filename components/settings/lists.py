"""Lists within lists: who gets the mail in the end. The mail server passes on once and no further."""

from collections import deque
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from itertools import chain

from components.settings.account import ListSettings

Lists = Mapping[str, ListSettings]


def recipients(lists: Lists) -> dict[str, tuple[str, ...]]:
    """List -> its members, those of lists among them in their place. No list may lead back to itself."""
    owners = _owners(lists)
    found: dict[str, tuple[str, ...]] = {}
    for address in TopologicalSorter(_inner(lists)).static_order():
        members = (found[owners[member]] if member in owners else (member,) for member in lists[address].members)
        found[address] = tuple(dict.fromkeys(chain.from_iterable(members)))
    return found


def circles(lists: Lists) -> Iterator[tuple[str, ...]]:
    """The ways by which a list leads back to itself, each once, from its first address on."""
    told: set[frozenset[str]] = set()
    inner = _inner(lists)
    for address in lists:
        way = _back(address, inner)
        if way and frozenset(way) not in told:
            told.add(frozenset(way))
            yield way


def _back(first: str, inner: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The shortest way from a list back to itself; empty where there is none."""
    before: dict[str, str] = {}
    pending = deque([first])
    while pending:
        here = pending.popleft()
        for there in inner[here]:
            if there == first:
                way = [here]
                while way[-1] != first:
                    way.append(before[way[-1]])
                return tuple(reversed(way))
            if there not in before:
                before[there] = here
                pending.append(there)
    return ()


def _inner(lists: Lists) -> dict[str, tuple[str, ...]]:
    """The lists that are members of each."""
    owners = _owners(lists)
    return {
        address: tuple(owners[member] for member in section.members if member in owners)
        for address, section in lists.items()
    }


def _owners(lists: Lists) -> dict[str, str]:
    """Address of a list, or another address of it -> the list."""
    return {name: address for address, section in lists.items() for name in (address, *section.aliases)}
