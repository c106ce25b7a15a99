"""Records as record sets in zones of Hetzner DNS."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_hcloud as hcloud

from components.dkim.record import KINDS
from components.dns.names import Record
from components.dns.zone_file import quoted
from components.dns.zones import APEX


def record_set(
    name: str, zone: str, record: Record, opts: pulumi.ResourceOptions, at: pulumi.Input[str] | None = None
) -> hcloud.ZoneRrset:
    """One record set.

    Args:
        record: its name is relative to the zone.
        at: its name, where that is not known yet.
    """
    values = [
        pulumi.Output.from_input(value).apply(quoted) if record.type == "TXT" else value for value in record.values
    ]
    return hcloud.ZoneRrset(
        name.replace(APEX, "apex").lower(),
        zone=zone,
        name=at or record.name,
        type=record.type,
        ttl=record.ttl,
        records=[hcloud.ZoneRrsetRecordArgs(value=value) for value in values],
        opts=opts,
    )


def signing_keys(
    name: str,
    zone: str,
    relative: Record,
    keys: pulumi.Output[Sequence[Sequence[str]]],
    opts: pulumi.ResourceOptions,
) -> list[hcloud.ZoneRrset]:
    """The record sets of keys that the server makes, whose selectors are known only when it has made them.

    Args:
        keys: selector and text of one of each kind, in the order of the kinds' names.
    """
    made = []
    for index, kind in enumerate(sorted(KINDS)):
        key = keys[index]
        record = Record(name=relative.name, type="TXT", ttl=relative.ttl, values=(key.apply(lambda known: known[1]),))
        at = key.apply(lambda known: f"{known[0]}.{relative.name}")
        made.append(record_set(f"{name}-dkim-{kind}", zone, record, opts, at))
    return made


def record_sets(
    name: str, held: Mapping[str, Sequence[Record]], opts: pulumi.ResourceOptions
) -> list[tuple[Record, hcloud.ZoneRrset]]:
    """The record sets of all zones, each with the record it holds."""
    return [
        (record, record_set(f"{name}-{zone}-{record.name}-{record.type}", zone, record, opts))
        for zone, inside in held.items()
        for record in inside
    ]
