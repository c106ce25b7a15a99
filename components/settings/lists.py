"""Lists within lists: who gets the mail in the end. The mail server passes on once and no further."""

from collections.abc import Iterator, Mapping

from components.settings.account import ListSettings

Lists = Mapping[str, ListSettings]


def recipients(lists: Lists, address: str) -> tuple[str, ...]:
    """The members of a list, those of lists among them in their place. No list may lead back to itself."""
    return tuple(dict.fromkeys(_walk(lists, address, _owners(lists))))


def _walk(lists: Lists, address: str, owners: Mapping[str, str]) -> Iterator[str]:
    for member in lists[address].members:
        if member in owners:
            yield from _walk(lists, owners[member], owners)
        else:
            yield member


def circles(lists: Lists) -> Iterator[tuple[str, ...]]:
    """The ways by which a list leads back to itself, each once, from its first address on."""
    told: set[frozenset[str]] = set()
    owners = _owners(lists)
    for address in lists:
        way = _back(lists, (address,), owners)
        if way and frozenset(way) not in told:
            told.add(frozenset(way))
            yield way


def _back(lists: Lists, way: tuple[str, ...], owners: Mapping[str, str]) -> tuple[str, ...]:
    for member in lists[way[-1]].members:
        inner = owners.get(member)
        if inner == way[0]:
            return way
        if inner and inner not in way and (found := _back(lists, (*way, inner), owners)):
            return found
    return ()


def _owners(lists: Lists) -> dict[str, str]:
    """Address of a list, or another address of it -> the list."""
    return {name: address for address, section in lists.items() for name in (address, *section.aliases)}
