"""On a node that does not send: takes what the mail server would send to port 25, and has a node carry it that does.

The kernel leads the connections here (scripts/egress/redirect.sh). What is said in them is between the mail server and
the receiver, TLS and all; here they only get another way. Where no way is open the connection breaks, and the mail
server tries again later, as with any receiver that is away.
"""

import asyncio
import os
import random
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import Sequence

from lib.console import log
from lib.egress.gateway import REACH_SECONDS
from lib.egress.tunnel import PORT, Ends, cut, join

# To a node of the same cluster. One that is down is not waited for.
_GATEWAY_SECONDS = 5
_LOOPBACK = ("127.0.0.1", "::1")
# What the kernel calls the address that a connection was made to, before it was led elsewhere (linux/netfilter_ipv4.h).
SO_ORIGINAL_DST = 80


def main() -> None:
    """Serve until systemd ends it. Environment: GATEWAYS, the private addresses of the nodes that send."""
    asyncio.run(serve(os.environ["GATEWAYS"].split()))


async def serve(gateways: Sequence[str], port: int = PORT) -> None:
    """Take connections on loopback."""
    redirect = Redirect(gateways, port)
    here = [address for address in _LOOPBACK if _has(address)]
    async with await asyncio.start_server(redirect.take, here, port) as server:
        log(f"mail leaves by {', '.join(gateways)}")
        await server.serve_forever()


class Redirect:
    """Connections of the mail server, each on its way."""

    def __init__(self, gateways: Sequence[str], port: int = PORT) -> None:
        self._gateways, self._port = gateways, port

    async def take(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One connection."""
        try:
            address, port = original(writer.get_extra_info("socket"))
        except OSError:
            cut(writer)
            return
        ends = await self.way(f"[{address}]:{port}" if ":" in address else f"{address}:{port}")
        if ends is None:
            cut(writer)
            return
        await join((reader, writer), ends)

    async def way(self, target: str) -> Ends | None:
        """A connection to a target by the first gateway that has one; they take turns in being the first."""
        for gateway in random.sample(self._gateways, len(self._gateways)):
            try:
                return await self._by(gateway, target)
            except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as trouble:
                log(f"{target} is not reached by {gateway}: {trouble or 'no answer in time'}")
        return None

    async def _by(self, gateway: str, target: str) -> Ends:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(gateway, self._port), _GATEWAY_SECONDS)
        try:
            writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), REACH_SECONDS + _GATEWAY_SECONDS)
            status = head.partition(b"\r\n")[0].decode(errors="replace")
            if " 200 " not in status:
                raise ConnectionError(status)
        except BaseException:
            cut(writer)
            raise
        return reader, writer


def original(connection: socket.socket) -> tuple[str, int]:
    """Address and port that a redirected connection was meant for.

    Raises:
        OSError: it was not redirected.
    """
    if connection.family == socket.AF_INET6:
        data = connection.getsockopt(socket.IPPROTO_IPV6, SO_ORIGINAL_DST, 28)
        return socket.inet_ntop(socket.AF_INET6, data[8:24]), int.from_bytes(data[2:4], "big")
    data = connection.getsockopt(socket.IPPROTO_IP, SO_ORIGINAL_DST, 16)
    return socket.inet_ntop(socket.AF_INET, data[4:8]), int.from_bytes(data[2:4], "big")


def _has(address: str) -> bool:
    """Whether this host has an address: without IPv6 it has no `::1`."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True
