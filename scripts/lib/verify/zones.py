"""The zones of a stack and the reverse names of its lab as files of a name server, in the folder that is named."""

import json
import sys
from ipaddress import IPv4Address, IPv4Network
from os import environ
from pathlib import Path

_TTL = 60


def forward(zone: str, text: str, start: str) -> str:
    """A zone's text with the records that its server adds: the first of all zones, and who serves it."""
    fields = [(line, line.split()) for line in text.splitlines() if line.strip() and not line.startswith(("$", ";"))]
    records = [line for line, words in fields if words[3] != "SOA" and (words[0], words[3]) != ("@", "NS")]
    return "\n".join([f"$TTL {_TTL}", f"$ORIGIN {zone}.", start, *records, ""])


def reverse_zone(network: str) -> str:
    """The zone that holds the reverse names of a network: that of its whole octets.

    >>> reverse_zone("10.81.0.0/16")
    '81.10.in-addr.arpa'
    """
    whole = IPv4Network(network)
    octets = str(whole.network_address).split(".")[: whole.prefixlen // 8]
    return ".".join([*reversed(octets), "in-addr.arpa"])


def reverse(network: str, names: dict[str, str], start: str) -> str:
    """The reverse names of a network."""
    records = [
        f"{IPv4Address(address).reverse_pointer}. {_TTL} IN PTR {name}." for address, name in sorted(names.items())
    ]
    return "\n".join([f"$TTL {_TTL}", f"$ORIGIN {reverse_zone(network)}.", start, *records, ""])


def main() -> None:
    place, start, network = Path(sys.argv[1]), environ["SOA"], environ["NETWORK"]
    for zone, text in json.loads(environ["ZONES"]).items():
        (place / zone).write_text(forward(zone, text, start))
    (place / reverse_zone(network)).write_text(reverse(network, json.loads(environ["REVERSE"]), start))


if __name__ == "__main__":
    main()
