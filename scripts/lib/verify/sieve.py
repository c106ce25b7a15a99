"""ManageSieve (RFC 5804), as much of it as a person's program needs to put a script in force."""

import base64
import socket
import ssl
from types import TracebackType
from typing import Self

from lib.mailbox import SECONDS, Mailbox, unchecked

_PORT = 4190


class ManageSieve:
    """A session with one node, with TLS, logged in.

    Raises:
        OSError: no connection, or an answer that is not OK.
    """

    def __init__(self, node: str, mailbox: Mailbox) -> None:
        self._socket: socket.socket = socket.create_connection((node, _PORT), SECONDS)
        self._file = self._socket.makefile("rwb")
        self._answered()
        self.say(b"STARTTLS")
        self._socket = unchecked().wrap_socket(self._socket, server_hostname=None)
        self._file = self._socket.makefile("rwb")
        self._answered()
        token = base64.b64encode(f"\0{mailbox.login}\0{mailbox.password}".encode())
        self.say(b'AUTHENTICATE "PLAIN" "' + token + b'"')

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    @property
    def tls(self) -> str:
        """The version of TLS."""
        return (self._socket.version() or "") if isinstance(self._socket, ssl.SSLSocket) else ""

    def put(self, name: str, script: str) -> None:
        """Put a script and make it the active one."""
        text = script.encode()
        self.say(b'PUTSCRIPT "%s" {%d+}\r\n%s' % (name.encode(), len(text), text))
        self.say(b'SETACTIVE "%s"' % name.encode())

    def remove(self, name: str) -> None:
        """Take a script out of force and remove it."""
        self.say(b'SETACTIVE ""')
        self.say(b'DELETESCRIPT "%s"' % name.encode())

    def say(self, command: bytes) -> None:
        """One command, and its answer."""
        self._file.write(command + b"\r\n")
        self._file.flush()
        self._answered()

    def _answered(self) -> None:
        while line := self._file.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"OK":
                return
            if word in {b"NO", b"BYE"}:
                raise OSError(f"ManageSieve answers {line.decode(errors='replace').strip()}")
        raise OSError("ManageSieve hung up")
