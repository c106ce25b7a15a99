"""Questions to name servers (RFC 1035), with what Python has: texts, addresses, who serves a zone or takes its mail.

By UDP with room for long texts (RFC 6891), and by TCP where an answer does not fit. Every question is bounded.
"""

import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

A, NS, CNAME, PTR, MX, TXT, AAAA = 1, 2, 5, 12, 15, 16, 28
_IN, _OPT = 1, 41
_RECURSION_DESIRED, _TRUNCATED, _AUTHORITATIVE = 0x0100, 0x0200, 0x0400
_NO_ERROR, _NO_SUCH_NAME = 0, 3
_MOST_BYTES = 1232
_HEAD = struct.Struct("!HHHHHH")
_PORT = 53
# From here on a length is the place where the name goes on (RFC 1035, 4.1.4).
_ELSEWHERE, _PLACE_BITS = 0xC0, 0x3FFF

Place = tuple[str, int]


class NoAnswer(Exception):  # noqa: N818  # reads as what happened
    """Nobody who was asked has said anything that can be used."""


@dataclass(frozen=True)
class Answer:
    """What a server said of a name and a type: the records' data as text, or the name that it is another name of."""

    values: tuple[str, ...] = ()
    alias: bool = False
    authoritative: bool = False


@dataclass(frozen=True)
class Names:
    """Who is asked: resolvers, and by their word the name servers of a zone."""

    resolvers: tuple[Place, ...] = field(default_factory=lambda: tuple(_own_resolvers()))
    port: int = _PORT
    """Where name servers listen."""

    seconds: float = 3.0
    """How long one question waits; it is put twice."""

    def resolve(self, name: str, kind: int) -> Answer:
        """What the first resolver that answers says.

        Raises:
            NoAnswer: none answers.
        """
        for place in self.resolvers:
            try:
                return self.ask(place, name, kind, recurse=True)
            except NoAnswer:
                continue
        raise NoAnswer("no resolver of this host answers")

    def servers(self, name: str) -> tuple[str, ...]:
        """The name servers of the zone that holds a name; none where no resolver knows any.

        Raises:
            NoAnswer: no resolver answers.
        """
        labels = name.split(".")
        # The root and a top-level domain hold nobody's mail.
        for start in range(len(labels) - 1):
            found = self.resolve(".".join(labels[start:]), NS)
            if found.values and not found.alias:
                return tuple(sorted(found.values))
        return ()

    def addresses(self, host: str) -> tuple[str, ...]:
        """The addresses of a name server, IPv4 first."""
        try:
            return tuple(value for kind in (A, AAAA) for value in self.resolve(host, kind).values)
        except NoAnswer:
            return ()

    def ask(self, place: Place, name: str, kind: int, *, recurse: bool = False) -> Answer:
        """One question to one server.

        Raises:
            NoAnswer: it is silent, or refuses.
        """
        number = int.from_bytes(os.urandom(2))
        query = _query(number, name, kind, recurse=recurse)
        for _ in range(2):
            try:
                wire = self._exchanged(place, query, number)
            except (OSError, struct.error, IndexError):
                continue
            try:
                return _read(wire, kind)
            except (struct.error, IndexError, UnicodeError):
                raise NoAnswer(f"{place[0]} answers what cannot be read") from None
        raise NoAnswer(f"{place[0]} does not answer")

    def _exchanged(self, place: Place, query: bytes, number: int) -> bytes:
        family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as link:
            link.settimeout(self.seconds)
            link.connect(place)
            link.send(query)
            wire = link.recv(0xFFFF)
        got, flags = struct.unpack_from("!HH", wire)
        if got != number:
            raise OSError("an answer to another question")
        return self._by_tcp(place, query) if flags & _TRUNCATED else wire

    def _by_tcp(self, place: Place, query: bytes) -> bytes:
        with socket.create_connection(place, timeout=self.seconds) as link, link.makefile("rb") as coming:
            link.sendall(struct.pack("!H", len(query)) + query)
            (length,) = struct.unpack("!H", coming.read(2))
            return coming.read(length)


def _own_resolvers() -> Iterator[Place]:
    try:
        lines = Path("/etc/resolv.conf").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        word, _, address = line.strip().partition(" ")
        if word == "nameserver":
            yield address.strip(), _PORT


def _query(number: int, name: str, kind: int, *, recurse: bool) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split("."))
    head = _HEAD.pack(number, _RECURSION_DESIRED if recurse else 0, 1, 0, 0, 1)
    return head + labels + b"\0" + struct.pack("!HH", kind, _IN) + b"\0" + struct.pack("!HHIH", _OPT, _MOST_BYTES, 0, 0)


def _read(wire: bytes, kind: int) -> Answer:
    _, flags, questions, answers, _, _ = _HEAD.unpack_from(wire)
    if flags & 0xF not in {_NO_ERROR, _NO_SUCH_NAME}:
        raise NoAnswer(f"refused, with code {flags & 0xF}")
    place = _HEAD.size
    for _ in range(questions):
        place = _name(wire, place)[1] + 4
    values: list[str] = []
    alias = False
    for _ in range(answers):
        place = _name(wire, place)[1]
        found, _, _, length = struct.unpack_from("!HHIH", wire, place)
        place += 10
        if place + length > len(wire):
            raise IndexError("an answer that was cut")
        alias = alias or found == CNAME
        if found == kind:
            values.append(_data(wire, place, length, kind))
        place += length
    return Answer(tuple(values), alias, bool(flags & _AUTHORITATIVE))


def _data(wire: bytes, place: int, length: int, kind: int) -> str:
    if kind == TXT:
        return _text(wire[place : place + length])
    if kind in {A, AAAA}:
        return socket.inet_ntop(socket.AF_INET if kind == A else socket.AF_INET6, wire[place : place + length])
    if kind == MX:
        (rank,) = struct.unpack_from("!H", wire, place)
        return f"{rank} {_name(wire, place + 2)[0]}"
    return _name(wire, place)[0]


def _text(data: bytes) -> str:
    """The strings of a TXT record, put together without a space."""
    pieces, place = [], 0
    while place < len(data):
        pieces.append(data[place + 1 : place + 1 + data[place]])
        place += 1 + data[place]
    return b"".join(pieces).decode("utf-8", "replace")


def _name(wire: bytes, place: int) -> tuple[str, int]:
    """The name at a place, and where it ends there."""
    labels: list[str] = []
    end = 0
    while length := wire[place]:
        if length >= _ELSEWHERE:
            end = end or place + 2
            target = struct.unpack_from("!H", wire, place)[0] & _PLACE_BITS
            if target >= place:
                raise IndexError("a name that points at itself")
            place = target
        else:
            labels.append(wire[place + 1 : place + 1 + length].decode("ascii", "replace"))
            place += 1 + length
    return ".".join(labels).lower(), end or place + 1
