"""SMTP: mail is taken from who logged in, and for local people; the default throttles bite."""

import base64
import json
import re
import socketserver
import ssl
import time
from ipaddress import ip_address, ip_network
from typing import Any

from .node import Node
from .proxy import plain
from .store import StoreUnavailable

_MOST_PER_SESSION = 10


class Handler(socketserver.StreamRequestHandler):
    """One session."""

    node: Node
    context: ssl.SSLContext
    implicit = False

    def setup(self) -> None:
        """TLS from the first byte, where the listener says so."""
        if self.implicit:
            self.request = self.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def say(self, text: str) -> None:
        """One line."""
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self) -> None:
        account: dict[str, Any] | None = None
        recipients: list[str] = []
        login, taken = "", 0
        if not self.let_in():
            return
        self.say(f"220 {self.node.in_force.get('defaultHostname') or self.node.hostname} Stalwart ESMTP (stand-in)")
        while line := self.rfile.readline().decode(errors="replace").strip():
            verb, _, rest = line.partition(" ")
            try:
                match verb.upper():
                    case "EHLO" | "HELO":
                        self.say("250-" + self.node.hostname)
                        self.say("250-AUTH PLAIN LOGIN")
                        self.say("250 8BITMIME")
                    case "AUTH":
                        login, account = self.authenticate(rest)
                        self.say(
                            "235 2.7.0 Authentication succeeded."
                            if account
                            else "535 5.7.8 Authentication credentials invalid."
                        )
                    case "MAIL":
                        recipients = []
                        if taken >= _MOST_PER_SESSION:
                            self.say("452 4.4.5 Maximum number of messages per session exceeded.")
                        else:
                            self.say("250 2.1.0 OK")
                    case "RCPT":
                        address = (re.search(r"<([^>]*)>", rest) or [rest, rest])[1]
                        recipient = self.node.recipient(address)
                        if recipient is None:
                            self.say(
                                "550 5.1.2 Relay not allowed."
                                if account is None
                                else "550 5.1.2 Mailbox does not exist."
                            )
                        elif not self.allowed(login, address):
                            self.say("452 4.4.5 Rate limit exceeded, try again later.")
                        else:
                            recipients.append(recipient)
                            self.say("250 2.1.5 OK")
                    case "DATA" if recipients:
                        self.say("354 Start mail input; end with <CRLF>.<CRLF>")
                        body = self.received() + self.body()
                        for recipient in recipients:
                            self.node.mail.deliver(recipient, body)
                        taken += 1
                        self.say("250 2.0.0 Message queued with id 1.")
                    case "QUIT":
                        self.say("221 2.0.0 Bye.")
                        return
                    case "RSET" | "NOOP":
                        self.say("250 2.0.0 OK")
                    case _:
                        self.say("500 5.5.1 Invalid command.")
            except StoreUnavailable:
                self.say("451 4.3.5 Unable to accept message at this time.")

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
        return login, self.node.login(login, password)

    def let_in(self) -> bool:
        """The limit of connections from one address, which all nodes count together; who is over it hears nothing."""
        address = str(plain(self.client_address[0]))
        for identity, throttle in self.node.registry.all("MtaInboundThrottle").items():
            if not throttle["enable"] or set(throttle["key"]) != {"remoteIp"}:
                continue
            condition = throttle["match"]["else"]
            if address in re.findall(r"remote_ip != '([^']*)'", condition) or within(address, condition):
                continue
            if not self.counted(f"rate/{identity}/{address}", throttle["rate"]):
                return False
        return True

    def allowed(self, login: str, recipient: str) -> bool:
        """The hourly limit per sender's domain and recipient, unless its condition leaves the sender out."""
        for identity, throttle in self.node.registry.all("MtaInboundThrottle").items():
            if not throttle["enable"] or set(throttle["key"]) != {"senderDomain", "rcpt"}:
                continue
            condition = throttle["match"]["else"]
            address = str(plain(self.client_address[0]))
            if login in re.findall(r"authenticated_as != '([^']*)'", condition) or within(address, condition):
                continue
            if not self.counted(f"rate/{identity}/{login.rpartition('@')[2]}/{recipient}", throttle["rate"]):
                return False
        return True

    def counted(self, key: str, rate: dict[str, int]) -> bool:
        """Count one more; false when there were as many as may be in the period, in milliseconds."""
        now = time.time()

        def count(transaction: Any) -> bool:
            times = [t for t in json.loads(transaction.get(key.encode()) or b"[]") if now - t < rate["period"] / 1000]
            if len(times) >= rate["count"]:
                return False
            transaction.set(key.encode(), json.dumps([*times, now]).encode())
            return True

        return bool(self.node.store.transact(count))

    def received(self) -> bytes:
        """The line that says who handed the message in: what a limit per address would go by."""
        return f"Received: from [{plain(self.client_address[0])}] by {self.node.hostname} with ESMTP\r\n".encode()

    def body(self) -> bytes:
        """The message, unstuffed."""
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line[1:] if line.startswith(b"..") else line)
        return b"".join(lines)


def within(address: str, condition: str) -> bool:
    """Whether an address is in a network that a condition leaves out."""
    networks = re.findall(r"!is_ip_in_cidr\(remote_ip, '([^']*)'\)", condition)
    return any(ip_address(address) in ip_network(network) for network in networks)
