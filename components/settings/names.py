"""Names within names: which zone, domain or part holds a name."""

from collections.abc import Iterable, Mapping

from components.settings.domain import DomainSettings


def holds(zone: str, name: str) -> bool:
    """Whether a name is a zone's own or below it."""
    return f".{name}".endswith(f".{zone}")


def nearest(zones: Iterable[str], name: str) -> str | None:
    """Of nested zones the inner one holds a name; None where none does."""
    return max((zone for zone in zones if holds(zone, name)), key=len, default=None)


def with_aliases(domains: Mapping[str, DomainSettings]) -> tuple[str, ...]:
    """Every domain, each followed by its aliases."""
    return tuple(name for domain, section in domains.items() for name in (domain, *section.aliases))
