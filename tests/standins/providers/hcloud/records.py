"""Which names and values the API takes for records."""

import re
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from .errors import invalid

_NAME = re.compile(r"@|(\*|[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_STRINGS = re.compile(r'"(?:[^"\\]|\\.){0,255}"(?: "(?:[^"\\]|\\.){0,255}")*')
_HOST = re.compile(r"@|[A-Za-z0-9_*-]+(\.[A-Za-z0-9_-]+)*\.?|\.")


def _mail(value: str) -> bool:
    preference, _, host = value.partition(" ")
    return preference.isdigit() and bool(_HOST.fullmatch(host))


def _service(value: str) -> bool:
    parts = value.split(" ")
    return len(parts) == 4 and all(part.isdigit() for part in parts[:3]) and bool(_HOST.fullmatch(parts[3]))


def _address(kind: type[IPv4Address] | type[IPv6Address]) -> Callable[[str], bool]:
    def good(value: str) -> bool:
        try:
            kind(value)
        except ValueError:
            return False
        return True

    return good


def _any(value: str) -> bool:
    return bool(value)


def _host(value: str) -> bool:
    return bool(_HOST.fullmatch(value))


def _text(value: str) -> bool:
    return bool(_STRINGS.fullmatch(value))


_GOOD: Mapping[str, Callable[[str], bool]] = {
    "A": _address(IPv4Address),
    "AAAA": _address(IPv6Address),
    "CAA": _any,
    "CNAME": _host,
    "DS": _any,
    "HINFO": _any,
    "HTTPS": _any,
    "MX": _mail,
    "NS": _host,
    "PTR": _host,
    "RP": _any,
    "SOA": _any,
    "SRV": _service,
    "SVCB": _any,
    "TLSA": _any,
    "TXT": _text,
}


def check_records(name: str, kind: str, records: Sequence[Mapping[str, Any]]) -> None:
    """Refuse what the API refuses: names that are not relative, values that are none of their type."""
    if not _NAME.fullmatch(name):
        raise invalid("name", "must be a relative lower case name, or @")
    if kind not in _GOOD:
        raise invalid("type", "record type is not supported")
    values = [str(record["value"]) for record in records]
    if not values or len(set(values)) != len(values):
        raise invalid("records", "must be at least one, each different")
    for value in values:
        if not _GOOD[kind](value):
            raise invalid("records", f"invalid {kind} record: {value}")
