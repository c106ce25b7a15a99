"""The PROXY protocol, versions 1 and 2, as the real server takes it: demanded from listed peers, unknown to others."""

import socket
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Networks = tuple[IPv4Network | IPv6Network, ...]

_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_TEXT = b"PROXY "
_LONGEST_LINE = 107
_LOCAL, _PROXY = 0x20, 0x21
_SIZES = {0x11: 4, 0x21: 16}


class Dropped(Exception):  # noqa: N818  # reads as what it is
    """A listed peer did not begin with a header."""


def trusted(listener: Mapping[str, bool], everywhere: Mapping[str, bool]) -> Networks:
    """The networks whose peers must send a header: the listener's own, else those of the system."""
    return tuple(ip_network(text, strict=False) for text, is_listed in (listener or everywhere).items() if is_listed)


def plain(address: str) -> IPv4Address | IPv6Address:
    """An address as people write it, also where a socket for both families received it."""
    found = ip_address(address.partition("%")[0])
    return getattr(found, "ipv4_mapped", None) or found


def client(connection: socket.socket, peer: tuple[str, int], networks: Networks) -> tuple[str, int]:
    """Who is at the other end: the peer, or whom a listed peer names in its header.

    There is no time limit, as there is none in the real server.

    Raises:
        Dropped: the peer is listed and what it sent is no header.
    """
    if not any(plain(peer[0]) in network for network in networks):
        return peer
    try:
        if (start := _start(connection)) == _SIGNATURE:
            return _binary(connection) or peer
        return _text(connection, start) or peer
    except (ValueError, IndexError):
        raise Dropped("malformed header") from None


def _start(connection: socket.socket) -> bytes:
    """As many bytes as the signature has; who differs in the first is not waited for."""
    got = b""
    while len(got) < len(_SIGNATURE):
        got += _exactly(connection, 1)
        if not _SIGNATURE.startswith(got) and got[: len(_TEXT)] != _TEXT[: len(got)]:
            raise Dropped("no header")
    return got


def _text(connection: socket.socket, got: bytes) -> tuple[str, int] | None:
    while not got.endswith(b"\r\n"):
        if len(got) >= _LONGEST_LINE:
            raise Dropped("endless header")
        got += _exactly(connection, 1)
    words = got.decode("ascii").split()
    if words[1] == "UNKNOWN":
        return None
    if words[1] not in {"TCP4", "TCP6"}:
        raise Dropped("unknown family")
    return str(ip_address(words[2])), int(words[4])


def _binary(connection: socket.socket) -> tuple[str, int] | None:
    command, family, *length = _exactly(connection, 4)
    body = _exactly(connection, int.from_bytes(length, "big"))
    if command not in {_LOCAL, _PROXY}:
        raise Dropped("unknown command")
    size = _SIZES.get(family)
    if command == _LOCAL or size is None:
        return None
    return str(ip_address(body[:size])), int.from_bytes(body[2 * size : 2 * size + 2], "big")


def _exactly(connection: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count:
        part = connection.recv(count - len(got))
        if not part:
            raise Dropped("hung up")
        got += part
    return got
