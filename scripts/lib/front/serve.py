"""Answer GET /ready: 200 where this node may be given mail, else 503 and one line that says why."""

import socketserver
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from io import BufferedReader
from os import environ
from pathlib import Path
from typing import cast

from lib.console import log
from lib.front import database, drain, mail
from lib.front.watch import Check

PORT = drain.PORT
PATH = "/ready"
BINDING = "fdb.zip.base64"

# Together the whole answer takes at most this long; the read itself gives up sooner and says more.
CHECK_SECONDS = 2.5

_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


class Probe:
    """All checks together, and a line in the journal when their answer changes."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self._checks = checks
        self._said: str | None = None
        self.refusals = 0
        """How often the answer was no."""

    def trouble(self) -> str:
        """Why the node is not to be given mail; empty when it is."""
        for check in self._checks:
            check.begin()
        found = drain.trouble() or "; ".join(reason for check in self._checks if (reason := check.trouble()))
        self.refusals += bool(found)
        if found != self._said:
            log(f"not ready: {found}" if found else "ready")
            self._said = found
        return found


class Handler(BaseHTTPRequestHandler):
    """One question."""

    probe: Probe
    timeout = 5

    def handle(self) -> None:
        # A checker that hung up is nothing to talk about.
        with suppress(OSError):
            skip_proxy_header(cast("BufferedReader", self.rfile))
            super().handle()

    def do_GET(self) -> None:  # the base class calls it so
        if self.path == drain.REFUSALS:
            self._answer(HTTPStatus.OK, str(self.probe.refusals))
        elif self.path != PATH:
            self._answer(HTTPStatus.NOT_FOUND, f"only {PATH} is answered")
        elif trouble := self.probe.trouble():
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, trouble)
        else:
            self._answer(HTTPStatus.OK, "ready")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class calls it so
        """Quiet: many checkers ask, for ever."""

    def _answer(self, status: HTTPStatus, text: str) -> None:
        body = f"{' '.join(text.split())}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


class Server(socketserver.ThreadingTCPServer):
    """Not the one of http.server, which looks its own address up and waits for a name server that is away."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], probe: Probe) -> None:
        super().__init__(address, type("Handler", (Handler,), {"probe": probe}))


def skip_proxy_header(stream: BufferedReader) -> None:
    """A balancer that speaks the PROXY protocol to the mail server may speak it to its health check too."""
    first = stream.peek(1)
    if first.startswith(b"PROXY "):
        stream.readline(107)
    elif first.startswith(_SIGNATURE[:5]):
        head = stream.read(16)
        stream.read(int.from_bytes(head[14:], "big"))


def main() -> None:
    cluster_file = database.own_cluster_file(
        Path(environ["STATE_DIRECTORY"]), Path(environ["CREDENTIALS_DIRECTORY"]) / "fdb.cluster"
    )
    packed = (Path(__file__).parents[2] / BINDING).read_text().strip()
    checks = (
        Check("the mail server", CHECK_SECONDS, mail.trouble),
        Check("the database", CHECK_SECONDS, database.reader(packed, cluster_file)),
    )
    Server((environ["ADDRESS"], PORT), Probe(checks)).serve_forever()


if __name__ == "__main__":
    main()
