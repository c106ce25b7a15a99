"""Somebody else's mail server that passes mail on for who logs in: TLS, a password, and what it was given.

    python -m tests.standins.smarthost ADDRESS IMPLICIT STARTTLS FOLDER NAME...

listens on two ports of an address: TLS first, and STARTTLS. The folder gets `ca.pem`, which vouches for the
names, and `taken.jsonl`, a line for each mail. Who logs in is `customer`; the password is read from standard input.
"""

import base64
import json
import socketserver
import ssl
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.standins.authority import Authority

LOGIN = "customer"


@dataclass(frozen=True)
class Taken:
    """A mail that was taken, and how it came."""

    login: str
    port: int
    source: str
    greeting: str
    sender: str
    recipients: tuple[str, ...]
    text: str


class Smarthost:
    """Two ports, one password. Nothing is taken in clear text, nor from who did not log in."""

    def __init__(
        self, address: str, ports: tuple[int, int], password: str, context: ssl.SSLContext, record: Path
    ) -> None:
        self.password = password
        self.context = context
        self._record, self._lock = record, threading.Lock()
        self._servers = [_Server((address, port), _Session) for port in ports]
        for server, implicit in zip(self._servers, (True, False), strict=True):
            server.smarthost, server.implicit = self, implicit
            threading.Thread(target=server.serve_forever, daemon=True).start()

    @property
    def ports(self) -> tuple[int, int]:
        """The port with TLS first, and the one with STARTTLS."""
        first, second = (int(server.server_address[1]) for server in self._servers)
        return first, second

    def taken(self) -> list[Taken]:
        """What was taken so far."""
        lines = self._record.read_text().splitlines() if self._record.exists() else []
        return [Taken(**json.loads(line)) for line in lines]

    def take(self, taken: Taken) -> None:
        """Keep a mail."""
        with self._lock, self._record.open("a") as file:
            file.write(json.dumps(asdict(taken)) + "\n")

    def close(self) -> None:
        """Give the ports back."""
        for server in self._servers:
            server.shutdown()
            server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    smarthost: Smarthost
    implicit: bool

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust the certificate and hangs up is nothing to talk about."""


class _Session(socketserver.StreamRequestHandler):
    server: _Server

    def setup(self) -> None:
        self.port = self.request.getsockname()[1]
        self.encrypted = self.server.implicit
        if self.encrypted:
            self.request = self.server.smarthost.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def handle(self) -> None:
        greeting = login = sender = ""
        recipients: list[str] = []
        self.say("220 relay ESMTP")
        while line := self.rfile.readline().decode(errors="replace").strip():
            verb, _, rest = line.partition(" ")
            match verb.upper():
                case "EHLO":
                    greeting = rest
                    # As others do it: a password is not even offered in clear text.
                    self.say("250-relay", "250-AUTH PLAIN LOGIN" if self.encrypted else "250-STARTTLS", "250 8BITMIME")
                case "STARTTLS" if not self.encrypted:
                    self.say("220 2.0.0 Go ahead")
                    self.request = self.server.smarthost.context.wrap_socket(self.request, server_side=True)
                    self.encrypted = True
                    super().setup()
                case "AUTH" if self.encrypted:
                    login = self.logged_in(rest)
                    self.say("235 2.7.0 OK" if login else "535 5.7.8 Authentication credentials invalid")
                case "MAIL" if login:
                    sender, recipients = _address(rest), []
                    self.say("250 2.1.0 OK")
                case "MAIL":
                    self.say("530 5.7.0 Authentication required")
                case "RCPT" if sender or login:
                    recipients.append(_address(rest))
                    self.say("250 2.1.5 OK")
                case "DATA" if recipients:
                    self.say("354 Go on")
                    source = self.client_address[0]
                    taken = Taken(login, self.port, source, greeting, sender, tuple(recipients), self.text())
                    self.server.smarthost.take(taken)
                    self.say("250 2.0.0 Taken")
                case "RSET" | "NOOP":
                    self.say("250 2.0.0 OK")
                case "QUIT":
                    self.say("221 2.0.0 Bye")
                    return
                case _:
                    self.say("503 5.5.1 Not now")

    def logged_in(self, rest: str) -> str:
        kind, _, first = rest.partition(" ")
        if kind.upper() == "PLAIN":
            _, login, password = base64.b64decode(first or self.asked("334 ")).decode().split("\0")
        else:
            login = base64.b64decode(self.asked("334 VXNlcm5hbWU6")).decode()
            password = base64.b64decode(self.asked("334 UGFzc3dvcmQ6")).decode()
        return login if (login, password) == (LOGIN, self.server.smarthost.password) else ""

    def asked(self, prompt: str) -> bytes:
        self.say(prompt)
        return self.rfile.readline().strip()

    def text(self) -> str:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines).decode(errors="replace")


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]


def serve(address: str, ports: tuple[int, int], password: str, folder: Path, names: list[str]) -> Smarthost:
    """Begin to serve, under a certificate for some names."""
    authority = Authority.make()
    (folder / "ca.pem").write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    key, certificate = authority.issue(*names)
    pair = folder / "pair.pem"
    pair.touch(mode=0o600)
    pair.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    return Smarthost(address, ports, password, context, folder / "taken.jsonl")


if __name__ == "__main__":
    where, first, second, kept, *hosts = sys.argv[1:]
    serve(where, (int(first), int(second)), sys.stdin.readline().rstrip("\n"), Path(kept), hosts)
    threading.Event().wait()
