"""HTTP: the session, the one endpoint for requests, and health pages that never tell the truth about the store."""

import base64
import json
import time
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from . import autoconfig, jmap, shown
from .node import Node
from .store import StoreUnavailable

_WRONG_PASSWORD_SECONDS = 0.3


class Handler(BaseHTTPRequestHandler):
    """One request."""

    node: Node
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class calls it so
        """Quiet, as the real one is."""

    def do_GET(self) -> None:  # the base class calls it so
        if self.path in {"/healthz/live", "/healthz/ready"}:
            self._send(200, {})
        elif self.path == "/.well-known/jmap":
            self.send_response(307)
            self.send_header("Location", "/jmap/session")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path == "/.well-known/mta-sts.txt":
            policy = shown.policy(self.node)
            self._show("text/plain", policy) if policy else self._send(404, {"status": 404})
        elif self.path == "/.well-known/user-agent-configuration.json":
            self._show("application/json", shown.setup(self.node))
        elif urlsplit(self.path).path == "/mail/config-v1.1.xml":
            self._show("application/xml; charset=utf-8", autoconfig.mozilla(self.node, urlsplit(self.path).query))
        elif self.path == "/jmap/session":
            if account := self._account():
                self._send(200, jmap.session(self.node, account))
        else:
            self._send(404, {"status": 404})

    def do_POST(self) -> None:  # the base class calls it so
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.lower() == "/autodiscover/autodiscover.xml":
            try:
                self._show("application/xml; charset=utf-8", autoconfig.microsoft(self.node, body))
            except ValueError as trouble:
                self._send(400, {"status": 400, "detail": str(trouble)})
        elif self.path.rstrip("/") != "/jmap":
            self._send(404, {"status": 404})
        elif self.headers.get("Content-Type") != "application/json":
            self._send(400, {"status": 400, "type": "urn:ietf:params:jmap:error:notJSON"})
        elif account := self._account():
            self._send(200, jmap.respond(self.node, account, json.loads(body)))

    def _account(self) -> dict[str, Any] | None:
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        login, _, password = base64.b64decode(token).decode().partition(":") if kind == "Basic" else ("", "", "")
        try:
            account = self.node.people.login(login, password)
        except StoreUnavailable:
            self._send(200, {"methodResponses": [["error", {"type": "serverUnavailable"}, "0"]]})
            return None
        if account is None:
            time.sleep(_WRONG_PASSWORD_SECONDS)
            problem = {
                "type": "about:blank",
                "status": 401,
                "title": "Unauthorized",
                "detail": "You have to authenticate first.",
            }
            self._send(401, problem)
        return account

    def _show(self, kind: str, body: str) -> None:
        text = body.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _send(self, status: int, body: dict[str, Any]) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
