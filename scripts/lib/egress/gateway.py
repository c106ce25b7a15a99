"""On a node that sends: takes connections of the nodes that do not, and goes on to where they want to, as itself.

They ask by CONNECT, as of any proxy of HTTP (RFC 9110, 9.3.6). Only nodes of the cluster are heard, and they get no
further than to port 25 of somebody else.
"""

import asyncio
import os
import re
from asyncio import StreamReader, StreamWriter
from collections.abc import Set as AbstractSet
from ipaddress import IPv4Address, IPv6Address, ip_address

from lib.console import log
from lib.egress.tunnel import PORT, SMTP_PORT, cut, join

# A mail server that does not answer by then is tried again later, by whoever has the mail in hand.
REACH_SECONDS = 30
_REQUEST_SECONDS = 10
_LONGEST_REQUEST = 4096
_REQUEST = re.compile(rb"CONNECT (\[[0-9A-Fa-f:]+\]|[0-9.]+):(\d{1,5}) HTTP/1\.[01]\r\n")
_FORBIDDEN, _UNREACHABLE, _TIMEOUT, _BAD = "403 Forbidden", "502 Bad Gateway", "504 Gateway Timeout", "400 Bad Request"


def main() -> None:
    """Serve until systemd ends it. Environment: ADDRESS, and NODES, the private addresses of all nodes."""
    asyncio.run(serve(os.environ["ADDRESS"], frozenset(os.environ["NODES"].split())))


async def serve(address: str, nodes: AbstractSet[str], port: int = PORT) -> None:
    """Take connections on an address.

    Args:
        nodes: who is heard, and whom nobody is led to.
    """
    gateway = Gateway(nodes)
    async with await asyncio.start_server(gateway.take, address, port, limit=_LONGEST_REQUEST) as server:
        log(f"mail of other nodes leaves from here, taken on {address}:{port}")
        await server.serve_forever()


class Gateway:
    """Who may go where."""

    def __init__(self, nodes: AbstractSet[str]) -> None:
        self._nodes = nodes

    async def take(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One connection."""
        client = str(writer.get_extra_info("peername")[0])
        if client not in self._nodes:
            log(f"{client} is no node of this cluster and is not heard")
            cut(writer)
            return
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _REQUEST_SECONDS)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            cut(writer)
            return
        refusal, target = self._target(head)
        if target is None:
            await _answer(writer, refusal)
            return
        try:
            ends = await asyncio.wait_for(asyncio.open_connection(str(target), SMTP_PORT), REACH_SECONDS)
        except (OSError, TimeoutError) as trouble:
            log(f"{target} does not answer on port {SMTP_PORT}: {_why(trouble)}")
            await _answer(writer, _TIMEOUT if isinstance(trouble, TimeoutError) else _UNREACHABLE)
            return
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await join((reader, writer), ends)

    def _target(self, head: bytes) -> tuple[str, IPv4Address | IPv6Address | None]:
        """Where a request leads; else the refusal."""
        found = _REQUEST.match(head)
        if found is None:
            return _BAD, None
        try:
            target = ip_address(found[1].decode().strip("[]"))
        except ValueError:
            return _BAD, None
        strange = target.is_loopback or target.is_multicast or target.is_unspecified or target.is_link_local
        if int(found[2]) != SMTP_PORT or strange or str(target) in self._nodes:
            return _FORBIDDEN, None
        return "", target


async def _answer(writer: StreamWriter, status: str) -> None:
    try:
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    except OSError:
        cut(writer)


def _why(trouble: Exception) -> str:
    return "in time" if isinstance(trouble, TimeoutError) else str(getattr(trouble, "strerror", None) or trouble)
