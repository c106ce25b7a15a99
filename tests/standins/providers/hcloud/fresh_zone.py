"""What a zone is born with: its name servers, and who answers for it."""

from typing import Any

NAME_SERVERS = ("hydrogen.ns.hetzner.com.", "oxygen.ns.hetzner.com.", "helium.ns.hetzner.de.")
_SOA = f"{NAME_SERVERS[0]} dns.hetzner.com. 2026112400 86400 10800 3600000 3600"


def fresh_zone(name: str, ttl: int) -> dict[str, Any]:
    """A zone as it is before anybody writes to it."""
    soa, servers = rrset("@", "SOA", [_SOA]), rrset("@", "NS", list(NAME_SERVERS))
    own = {"name": name, "mode": "primary", "ttl": ttl, "labels": {}, "deleteProtection": False}
    return {**own, "rrsets": {"@/SOA": soa, "@/NS": servers}}


def rrset(name: str, kind: str, values: list[str]) -> dict[str, Any]:
    """The records of one name and type, with the zone's own time to live."""
    records = [{"value": value} for value in values]
    return {"name": name, "type": kind, "ttl": None, "labels": {}, "changeProtection": False, "records": records}
