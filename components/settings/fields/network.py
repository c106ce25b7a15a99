"""Addresses and networks, of nodes and of name servers."""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from components.settings.fields.shape import Written, refusal

_NAME_SERVER = re.compile(r"(?:([0-9.]+)|\[([0-9A-Fa-f:.]+)\]):(\d{1,5})")
_DNS_PORT = 53
_PORTS = range(1, 65536)
_LAB_PREFIXES = range(16, 29)
_PRIVATE_PREFIXES = range(8, 29)


def name_server(text: str) -> tuple[str, int]:
    """Address and port of `203.0.113.53`, `203.0.113.53:5353`, `2001:db8::53` or `[2001:db8::53]:5353`.

    Raises:
        ValueError: it is something else.
    """
    found = _NAME_SERVER.fullmatch(text)
    address, port = (found[1] or found[2], found[3]) if found else (text, None)
    ip_address(address)
    number = int(port or _DNS_PORT)
    if number not in _PORTS:
        raise ValueError(text)
    return address, number


def _text(value: object) -> object:
    """Numbers are not taken for addresses: `network: 5` is a mistake, not 0.0.0.5/32."""
    if isinstance(value, bool | int | float):
        raise refusal("address", f"must be an IPv4 address or network as text, e.g. 10.0.0.11; got {value}")
    return value


def _unicast(value: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if value.is_loopback or value.is_multicast or value.is_unspecified or value.is_reserved:
        raise refusal("address", f"the other nodes must reach it; {value} cannot be a node's address")
    return value


def _private_network(value: IPv4Network) -> IPv4Network:
    if not value.is_private or value.prefixlen not in _PRIVATE_PREFIXES:
        raise refusal("network", f"a private network of 8 to 28 bits, e.g. 10.70.0.0/16; got {value}")
    return value


def _lab_network(value: IPv4Network) -> IPv4Network:
    if not value.is_private or value.prefixlen not in _LAB_PREFIXES:
        raise refusal("network", f"a private network of 16 to 28 bits, e.g. 10.77.0.0/24; got {value}")
    return value


def _allowed_network(value: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    if value.prefixlen == 0:
        raise refusal("network", f"{value} is the whole world; name the networks you work from, e.g. 203.0.113.7/32")
    return value


def _name_server(value: str) -> str:
    try:
        name_server(value)
    except ValueError:
        raise refusal(
            "name server", f"the address of a name server, e.g. 203.0.113.53 or 203.0.113.53:5353; got {value[:60]!r}"
        ) from None
    return value


NodeAddress = Annotated[IPv4Address, BeforeValidator(_text), AfterValidator(_unicast)]
PublicAddress = Annotated[
    IPv4Address | IPv6Address, BeforeValidator(_text), AfterValidator(_unicast), Written("IP address")
]
PrivateNetwork = Annotated[IPv4Network, BeforeValidator(_text), AfterValidator(_private_network)]
LabNetwork = Annotated[IPv4Network, BeforeValidator(_text), AfterValidator(_lab_network)]
AllowedNetwork = Annotated[
    IPv4Network | IPv6Network, BeforeValidator(_text), AfterValidator(_allowed_network), Written("IP network")
]
NameServer = Annotated[str, BeforeValidator(_text), AfterValidator(_name_server)]
