"""Zones and reverse names as BIND reads them, for a name server of a test."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any


def whole(zone: Mapping[str, Any]) -> str:
    """A zone with all its records."""
    lines = [f"$ORIGIN {zone['name']}.", f"$TTL {zone['ttl']}"]
    sets = sorted(zone["rrsets"].values(), key=lambda one: (one["type"] != "SOA", one["name"] != "@", one["name"]))
    for one in sets:
        ttl = zone["ttl"] if one["ttl"] is None else one["ttl"]
        lines += [f"{one['name']} {ttl} IN {one['type']} {record['value']}" for record in one["records"]]
    return "\n".join(lines) + "\n"


def reverse(pointers: Mapping[str, str]) -> str:
    """PTR records, one a line, with full names."""
    lines = [
        f"{ip_address(address).reverse_pointer}. 3600 IN PTR {name.rstrip('.')}."
        for address, name in sorted(pointers.items())
    ]
    return "".join(f"{line}\n" for line in lines)
