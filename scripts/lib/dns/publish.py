"""Bring a part of a zone to a wish: `up` writes what differs, `down` takes out what was made here, `check` only asks.

What was made here is known from the last run's output, which the engine hands on.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from os import environ
from typing import Any

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
from lib.console import Failed, log, run
from lib.dns.changes import Changes, Key, Sets, changes, elsewhere
from lib.dns.server import NotOurs, Outdated, Server, Silent

# What to do with records that somebody else made.
_MINE = "take it out there, or let the stack replace it: stalwart-cluster:allow [replace_records]"

# How often somebody else may write the same names while we look at them.
ROUNDS = 3

# Beside an alias nothing else may stand, and beside anything else no alias: these are looked for.
_BESIDE = ("CNAME", "A", "AAAA", "TXT", "MX")


def main() -> None:
    host, _, port = environ["SERVER"].rpartition(":")
    server = Server(host.strip("[]"), int(port), environ["KEY_NAME"], environ["KEY_ALGORITHM"], environ["KEY_SECRET"])
    if sys.argv[1] == "check":
        found = check(server, environ["ZONES"].split())
        if not found and environ["REPLACE"] != "yes":
            found = moving(server, json.loads(environ["DOMAINS"]), environ["HOSTNAME"])
        print(json.dumps(found))
        return
    zone = dns.name.from_text(environ["ZONE"])
    records: list[dict[str, Any]] = json.loads(environ["RECORDS"])
    wanted = parsed(records, zone) if sys.argv[1] == "up" else {}
    ttl = min((int(record["ttl"]) for record in records), default=0)
    before = parsed(made_before(environ.get("PULUMI_COMMAND_STDOUT", "")), zone)
    server.check(zone)
    ours = publish(server, zone, wanted, ttl, before)
    print(json.dumps({"made": shown(ours)}, sort_keys=True))


def check(server: Server, zones: Iterable[str]) -> list[dict[str, str]]:
    """What is wrong with the zones. A server that does not answer is told once, under no key."""
    found = []
    for zone in zones:
        try:
            server.check(dns.name.from_text(zone))
        except NotOurs as mistake:
            found.append({"key": mistake.key, "problem": str(mistake), "remedy": mistake.remedy})
        except Silent as silence:
            return [{"key": "", "problem": str(silence), "remedy": silence.remedy}]
    return found


def moving(server: Server, domains: Mapping[str, Mapping[str, str]], hostname: str) -> list[dict[str, str]]:
    """The domains whose mail goes to somebody else now, as their own zone says.

    Args:
        domains: name -> its `zone`, and the `key` of the stack file that it is.
        hostname: below it are the exchangers of this stack.
    """
    found = []
    for name, its in domains.items():
        apex, zone = dns.name.from_text(name), dns.name.from_text(its["zone"])
        mx, text = (apex, dns.rdatatype.MX), (apex, dns.rdatatype.TXT)
        present = server.present(zone, [mx, text], {})
        foreign = elsewhere(present.get(mx, ()), present.get(text, ()), dns.name.from_text(hostname))
        if foreign:
            listed = "; ".join(f"{name} {value.rdtype.name} {value.to_text()}" for value in foreign)
            found.append({"key": its["key"], "problem": f"its zone says otherwise: {listed}", "remedy": _MINE})
    return found


def publish(server: Server, zone: dns.name.Name, wanted: Sets, ttl: int, before: Sets) -> Sets:
    """Write what differs, and return what is ours now.

    Raises:
        Failed: what somebody else made stands in the way; or the server took the update and does not show it.
    """
    for _ in range(ROUNDS):
        present = server.present(zone, asked(wanted, before), before)
        found = changes(wanted, ttl, before, present, replace=environ.get("REPLACE") == "yes")
        if found.foreign:
            raise refusal(zone, found)
        if not found:
            return found.ours
        try:
            server.update(zone, found, ttl, present)
        except Outdated:
            log(f"{zone} changed while it was looked at; looking again")
            continue
        tell(zone, found)
        seen = server.present(zone, wanted, wanted)
        missing = [key for key, values in wanted.items() if not values <= set(seen.get(key, ()))]
        if missing:
            # A server drops in silence what cannot stand beside something else (RFC 2136, 3.4.2.2).
            names = ", ".join(f"{name} {kind.name}" for name, kind in missing)
            raise Failed(f"{server} took the update and does not show {names}", "what else stands at these names?")
        return found.ours
    raise Failed(f"somebody else writes the same names of {zone} all the time", "run the same command again")


def asked(wanted: Sets, before: Sets) -> set[Key]:
    """The names and types to look at."""
    keys = {*wanted, *before}
    aliases = {name for name, kind in wanted if kind == dns.rdatatype.CNAME}
    beside = {(name, dns.rdatatype.from_text(kind)) for name in aliases for kind in _BESIDE}
    return keys | beside | {(name, dns.rdatatype.CNAME) for name, _ in wanted}


def parsed(records: Iterable[Mapping[str, Any]], zone: dns.name.Name) -> dict[Key, frozenset[dns.rdata.Rdata]]:
    """Records as JSON, names relative to the zone, values as a zone file has them."""
    found: dict[Key, frozenset[dns.rdata.Rdata]] = {}
    for record in records:
        kind = dns.rdatatype.from_text(record["type"])
        key = (dns.name.from_text(record["name"], zone), kind)
        values = {
            dns.rdata.from_text(dns.rdataclass.IN, kind, value, zone, relativize=False) for value in record["values"]
        }
        found[key] = found.get(key, frozenset()) | values
    return found


def made_before(printed: str) -> list[dict[str, Any]]:
    """What the last run printed; nothing where there was none."""
    try:
        made = json.loads(printed)["made"] if printed else []
    except (ValueError, KeyError, TypeError):
        raise Failed(
            "what the last run made cannot be read", "this is a fault of the program: please report it"
        ) from None
    return list(made)


def shown(sets: Sets) -> list[dict[str, Any]]:
    """The inverse of `parsed`, with absolute names."""
    return [
        {"name": name.to_text(), "type": kind.name, "values": sorted(value.to_text() for value in values)}
        for (name, kind), values in sorted(sets.items(), key=lambda item: item[0])
    ]


def refusal(zone: dns.name.Name, found: Changes) -> Failed:
    """Whose records are in the way."""
    lines = [
        f"{name.to_text(omit_final_dot=True)} {kind.name} {value.to_text()}"
        for (name, kind), values in found.foreign.items()
        for value in sorted(values, key=str)
    ]
    return Failed(
        f"in the zone {zone.to_text(omit_final_dot=True)} stands what this stack did not make: {'; '.join(lines)}",
        _MINE,
    )


def tell(zone: dns.name.Name, found: Changes) -> None:
    """What was changed, in numbers."""
    put, out = (sum(len(values) for values in sets.values()) for sets in (found.put, found.out))
    log(f"{zone.to_text(omit_final_dot=True)}: {put} records written, {out} taken out")


if __name__ == "__main__":
    try:
        run(main)
    except dns.exception.DNSException as error:
        log(f"error: {error}")
        sys.exit(1)
