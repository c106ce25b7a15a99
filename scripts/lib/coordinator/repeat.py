"""Tells the mail servers once more, a moment later, what one of them told the others.

A mail server reads at a version of the database that it keeps for a second. Who is told of a new mail within it looks,
sees nothing, and is not told again: a program that idles on another node would not hear of the mail at all.
It happens with most mails, because every node looks into the queue when one comes in.
"""

import heapq
import json
import os
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

from lib.console import Failed, log
from lib.coordinator.events import Unknown, again

# Longer than a mail server keeps a version (REFRESH_READ_VERSION_AFTER, crates/store/src/backend/foundationdb/mod.rs).
LATER_SECONDS = 1.25
SUBJECT = b"stwt.agora"
_PORT = 4222
# Told again by one of us, and so not to be told a third time.
_MARK = b"NATS/1.0\r\nRepeated: 1\r\n\r\n"
# Of those that repeat, one gets each message.
_GROUP = b"repeat"
_QUIET_SECONDS = 30.0


def main() -> None:
    """Run until the coordinator goes; systemd starts it again.

    Raises:
        Failed: the connection ended.
    """
    password = (Path(os.environ["CREDENTIALS_DIRECTORY"]) / "password").read_text().strip()
    with socket.create_connection((os.environ["ADDRESS"], _PORT), 10) as connection:
        Repeater(connection, password).run()


@dataclass
class Repeater:
    """One connection to the coordinator (the protocol of NATS clients)."""

    connection: socket.socket
    password: str
    later: list[tuple[float, bytes]] = field(default_factory=list)
    """What is to be told, and when, by a clock that only goes forward."""

    _buffer: bytes = b""
    _told: bool = False

    def run(self) -> None:
        """Log in, listen, repeat."""
        options = {
            "verbose": False, "pedantic": False, "echo": False, "headers": True, "no_responders": False,
            "name": "stalwart-repeat", "lang": "python", "version": "1", "protocol": 1,
            "user": "stalwart", "pass": self.password,
        }  # fmt: skip
        self._line()
        self._send(b"CONNECT %s\r\nSUB %s %s 1\r\nPING\r\n" % (json.dumps(options).encode(), SUBJECT, _GROUP))
        while True:
            self._tell()
            self._take()

    def _take(self) -> None:
        line = self._line()
        word = line.split()[0].upper() if line.split() else b""
        if word == b"PING":
            self._send(b"PONG\r\n")
        elif word == b"MSG":
            self._heard(self._exactly(int(line.split()[-1]) + 2)[:-2])
        elif word == b"HMSG":
            self._exactly(int(line.split()[-1]) + 2)
        elif word == b"-ERR":
            raise Failed(f"the coordinator refuses: {line.decode(errors='replace')}")

    def _heard(self, message: bytes) -> None:
        try:
            repeated = again(message)
        except Unknown as trouble:
            if not self._told:
                log(f"note: a message of the mail servers cannot be read, and is not repeated: {trouble}")
                self._told = True
            return
        if repeated:
            heapq.heappush(self.later, (time.monotonic() + LATER_SECONDS, repeated))

    def _tell(self) -> None:
        while self.later and self.later[0][0] <= time.monotonic():
            _, message = heapq.heappop(self.later)
            size = len(_MARK) + len(message)
            self._send(b"HPUB %s %d %d\r\n%s%s\r\n" % (SUBJECT, len(_MARK), size, _MARK, message))

    def _line(self) -> bytes:
        while b"\r\n" not in self._buffer:
            self._read()
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line

    def _exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._read()
        found, self._buffer = self._buffer[:count], self._buffer[count:]
        return found

    def _read(self) -> None:
        """Wait for more; meanwhile tell what is due."""
        while True:
            due = max(self.later[0][0] - time.monotonic(), 0.001) if self.later else _QUIET_SECONDS
            self.connection.settimeout(due)
            try:
                part = self.connection.recv(65536)
            except TimeoutError:
                self._tell()
                if not self.later:
                    # Whether the coordinator is still there: it answers, or the connection breaks.
                    self._send(b"PING\r\n")
                continue
            if not part:
                raise Failed("the coordinator hung up")
            self._buffer += part
            return

    def _send(self, data: bytes) -> None:
        self.connection.settimeout(10)
        self.connection.sendall(data)
