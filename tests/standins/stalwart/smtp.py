"""SMTP: mail is taken from who logged in, and from the world for people here; the default throttles bite."""

import base64
import re
import socketserver
import ssl
from email.utils import formatdate
from typing import Any

from . import throttle
from .expressions import evaluate
from .node import Node
from .proxy import plain
from .store import StoreUnavailable
from .trust import incoming

_MOST_PER_SESSION = 10
# Where mail of the world comes in; everywhere else people hand theirs in, who log in.
WORLD_PORT = 25


class Handler(socketserver.StreamRequestHandler):
    """One session."""

    node: Node
    context: ssl.SSLContext
    implicit = False
    port = 0
    """of the listener"""

    secured = False
    greeting = ""
    login = ""
    account: dict[str, Any] | None = None
    sender: str | None = None

    def setup(self) -> None:
        """TLS from the first byte, where the listener says so."""
        self.recipients: list[str] = []
        if self.implicit and not self.secured:
            self.request = self.context.wrap_socket(self.request, server_side=True)
            self.secured = True
        super().setup()

    def say(self, *lines: str) -> None:
        """One answer."""
        marked = [f"{line[:3]}-{line[4:]}" for line in lines[:-1]]
        self.wfile.write("".join(f"{line}\r\n" for line in [*marked, *lines[-1:]]).encode())

    @property
    def client(self) -> str:
        """The address of the other end."""
        return str(plain(self.client_address[0]))

    def handle(self) -> None:
        taken = 0
        if not throttle.lets_in(self.node, self.client):
            return
        self.say(f"220 {self.node.server_name} Stalwart ESMTP (stand-in)")
        while line := self.rfile.readline().decode(errors="replace").strip():
            verb, _, rest = line.partition(" ")
            try:
                match verb.upper():
                    case "EHLO" | "HELO":
                        self.greeting = rest.strip().lower()
                        self.say(*self.offers())
                    case "STARTTLS" if self.secured:
                        self.say("504 5.7.4 Already in TLS mode.")
                    case "STARTTLS":
                        self.begin_tls()
                    case "AUTH" if self.port == WORLD_PORT:
                        self.say("503 5.5.1 AUTH not allowed.")
                    case "AUTH" if not self.secured:
                        self.say("554 5.7.8 Authentication mechanism not supported.")
                    case "AUTH":
                        self.login, self.account = self.authenticate(rest)
                        self.say(
                            "235 2.7.0 Authentication succeeded."
                            if self.account
                            else "535 5.7.8 Authentication credentials invalid."
                        )
                    case "MAIL":
                        self.say(self.mail_from(rest, taken))
                    case "RCPT" if self.sender is None:
                        self.say("503 5.5.1 MAIL is required first.")
                    case "RCPT":
                        self.say(self.rcpt_to(_address(rest)))
                    case "DATA" if self.recipients:
                        self.say("354 Start mail input; end with <CRLF>.<CRLF>")
                        answer = self.take(self.body())
                        taken += answer.startswith("2")
                        self.sender, self.recipients = None, []
                        self.say(answer)
                    case "QUIT":
                        self.say("221 2.0.0 Bye.")
                        return
                    case "RSET" | "NOOP":
                        self.say("250 2.0.0 OK")
                    case _:
                        self.say("500 5.5.1 Invalid command.")
            except StoreUnavailable:
                self.say("451 4.3.5 Unable to accept message at this time.")

    def offers(self) -> list[str]:
        """What can be done now."""
        tls = [] if self.secured else ["250 STARTTLS"]
        # A password never in clear text, and nothing where the world's mail comes in.
        passwords = "PLAIN LOGIN " if self.secured else ""
        logins = [] if self.port == WORLD_PORT else [f"250 AUTH {passwords}XOAUTH2 OAUTHBEARER"]
        return [f"250 {self.node.server_name} you had me at EHLO", *tls, *logins, "250 8BITMIME"]

    def begin_tls(self) -> None:
        self.say("220 2.0.0 Ready to start TLS.")
        self.request = self.context.wrap_socket(self.request, server_side=True)
        self.secured, self.greeting, self.sender = True, "", None
        self.setup()

    def mail_from(self, rest: str, taken: int) -> str:
        """The answer to MAIL."""
        self.sender, self.recipients = None, []
        sender = _address(rest).lower()
        if not self.greeting:
            return "503 5.5.1 Polite people say EHLO first."
        if self.account is None and self.port != WORLD_PORT:
            return "503 5.5.1 You must authenticate first."
        if taken >= _MOST_PER_SESSION:
            return "452 4.4.5 Maximum number of messages per session exceeded."
        if self.account is not None and self.node.people.recipient(sender) != self.account["id"]:
            return "501 5.5.4 You are not allowed to send from this address."
        self.sender = sender
        return "250 2.1.0 OK"

    def rcpt_to(self, address: str) -> str:
        """The answer to RCPT."""
        if not self.node.people.is_local(address.rpartition("@")[2]):
            if self.account is None:
                return "550 5.1.2 Relay not allowed."
        elif self.node.people.recipient(address) is None:
            return "550 5.1.2 Mailbox does not exist."
        if not throttle.allows(self.node, self.client, self.login, self.sender or "", address):
            return "452 4.4.5 Rate limit exceeded, try again later."
        self.recipients.append(address)
        return "250 2.1.5 OK"

    def take(self, raw: bytes) -> str:
        """The answer to a whole mail."""
        origin = (self.client, self.port)
        if self.account is not None:
            self.node.post.take(self.sender or "", self.recipients, raw, origin)
            return "250 2.0.0 Message queued with id 1."
        findings = None
        how = evaluate(self.node.sender_auth["dmarcVerify"], {"local_port": self.port}, self.node.people.is_local)
        if how != "disable":
            envelope = incoming.Envelope(origin[0], self.greeting, self.sender or "")
            findings = incoming.look(self.node.names, envelope, raw, self.node.server_name)
            outcome = findings.dmarc
            if how == "strict" and (outcome.result, outcome.policy) == ("fail", "reject"):
                if not findings.is_certain:
                    return "451 4.7.1 Email temporarily rejected per DMARC policy."
                return "550 5.7.1 Email rejected per DMARC policy."
        head = f"Return-Path: <{self.sender}>\r\n".encode()
        head += (findings.header.encode() if findings else b"") + self.received(findings.reverse if findings else "")
        for address in self.recipients:
            self.node.filing.to_address(address, f"Delivered-To: {address}\r\n".encode() + head + raw)
        return "250 2.0.0 Message queued with id 1."

    def authenticate(self, rest: str) -> tuple[str, dict[str, Any] | None]:
        """PLAIN and LOGIN."""
        kind, _, first = rest.partition(" ")
        if kind.upper() == "PLAIN":
            if not first:
                self.say("334 ")
                first = self.rfile.readline().decode().strip()
            _, login, password = base64.b64decode(first).decode().split("\0")
        else:
            if not first:
                self.say("334 VXNlcm5hbWU6")
                first = self.rfile.readline().decode().strip()
            login = base64.b64decode(first).decode()
            self.say("334 UGFzc3dvcmQ6")
            password = base64.b64decode(self.rfile.readline()).decode()
        return login, self.node.people.login(login, password)

    def received(self, reverse: str) -> bytes:
        """The line that says who brought a mail of the world, and how; mail of people here has none."""
        version, cipher = "", ""
        if isinstance(self.request, ssl.SSLSocket) and (spoken := self.request.cipher()):
            version, cipher = str(self.request.version()), spoken[0]
        tls = f"\t(using {version} with cipher {cipher})\r\n" if version else ""
        kind = "ESMTPS" if version else "ESMTP"
        return (
            f"Received: from {self.greeting} ({reverse or 'unknown'} [{self.client}])\r\n{tls}"
            f"\tby {self.node.server_name} (Stalwart SMTP) with {kind} id 1;\r\n\t{formatdate()}\r\n"
        ).encode()

    def body(self) -> bytes:
        """The message, unstuffed."""
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line[1:] if line.startswith(b"..") else line)
        return b"".join(lines)


def _address(rest: str) -> str:
    return str((re.search(r"<([^>]*)>", rest) or [rest, rest])[1])
