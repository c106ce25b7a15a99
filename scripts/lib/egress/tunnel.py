"""Bytes from one connection to another, both ways, until both ends have said all."""

import asyncio
import contextlib
import socket
import struct
import time
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass, field

PORT = 7525
"""On the private address of a node that sends, for the others; and on loopback of these, for their mail server."""

SMTP_PORT = 25

# Longer than any pause that SMTP allows: ten minutes, for the answer to a mail (RFC 5321, 4.5.3.2.6).
QUIET_SECONDS = 15 * 60
_AT_ONCE = 65536

Ends = tuple[StreamReader, StreamWriter]


async def join(one: Ends, other: Ends) -> None:
    """Carry until both are through, or nothing moves any more; then close both."""
    writers = (one[1], other[1])
    clock = _Clock()
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(_carry(one[0], other[1], clock))
            both.create_task(_carry(other[0], one[1], clock))
    except* (OSError, TimeoutError):
        # Who waits for the other end has to see that it is gone, at once.
        for writer in writers:
            cut(writer)
    finally:
        for writer in writers:
            writer.close()


def cut(writer: StreamWriter) -> None:
    """End a connection so that the other end takes it for broken, not for done."""
    found = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@dataclass
class _Clock:
    """When something moved last, whichever way: who sends a long mail hears nothing for as long."""

    moved: float = field(default_factory=time.monotonic)

    def is_quiet(self) -> bool:
        return time.monotonic() - self.moved >= QUIET_SECONDS


async def _carry(reader: StreamReader, writer: StreamWriter, clock: _Clock) -> None:
    while True:
        try:
            data = await asyncio.wait_for(reader.read(_AT_ONCE), QUIET_SECONDS)
        except TimeoutError:
            if clock.is_quiet():
                raise
            continue
        clock.moved = time.monotonic()
        if not data:
            break
        writer.write(data)
        await asyncio.wait_for(writer.drain(), QUIET_SECONDS)
    writer.write_eof()
