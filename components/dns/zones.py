"""Which zone holds a record: the nearest one above its name."""

from collections.abc import Iterable
from dataclasses import replace

from components.dns.names import Record
from components.settings.names import holds, nearest

APEX = "@"


class OutsideZonesError(ValueError):
    """Records have names that none of the zones holds."""

    def __init__(self, outside: Iterable[Record], zones: Iterable[str]) -> None:
        self.outside = tuple(outside)
        listed = ", ".join(f"{record.name} {record.type}" for record in self.outside)
        super().__init__(f"no zone for {listed}; zones: {', '.join(sorted(zones)) or 'none'}")


def in_zone(records: Iterable[Record], zone: str) -> tuple[Record, ...]:
    """The records whose names lie in a zone, with names relative to it; `@` is the zone itself."""
    return tuple(
        replace(record, name=record.name.removesuffix(zone).removesuffix(".") or APEX)
        for record in records
        if holds(zone, record.name)
    )


def held(records: Iterable[Record], zones: Iterable[str]) -> dict[str, list[Record]]:
    """Each zone with its records. Of nested zones the inner one holds a record.

    Raises:
        OutsideZonesError: names every record that lies in none of the zones.
    """
    found: dict[str, list[Record]] = {zone: [] for zone in zones}
    outside: list[Record] = []
    for record in records:
        zone = nearest(found, record.name)
        (outside if zone is None else found[zone]).append(record)
    if outside:
        raise OutsideZonesError(outside, found)
    return found


def by_zone(records: Iterable[Record], zones: Iterable[str]) -> dict[str, tuple[Record, ...]]:
    """Each zone with its records, names relative to it.

    Raises:
        OutsideZonesError: names every record that lies in none of the zones.
    """
    return {zone: in_zone(inside, zone) for zone, inside in held(records, zones).items()}
