"""Names within names: which zone, domain or part holds a name."""

from collections.abc import Container, Iterator, Mapping

from components.settings.domain import DomainSettings


def holds(zone: str, name: str) -> bool:
    """Whether a name is a zone's own or below it."""
    return f".{name}".endswith(f".{zone}")


def nearest(zones: Container[str], name: str) -> str | None:
    """Of nested zones the inner one holds a name; None where none does. Of thousands, have a set or a map."""
    return next((above for above in _upward(name) if above in zones), None)


def _upward(name: str) -> Iterator[str]:
    """A name and all names above it."""
    while name:
        yield name
        name = name.partition(".")[2]


def with_aliases(domains: Mapping[str, DomainSettings]) -> tuple[str, ...]:
    """Every domain, each followed by its aliases."""
    return tuple(name for domain, section in domains.items() for name in (domain, *section.aliases))
