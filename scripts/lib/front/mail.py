"""Whether this node's mail server serves: it greets, and takes connections where mail programs come in.

Its own health pages are not asked: they say yes while the database is away.
"""

import smtplib
import socket
from collections.abc import Sequence

HOST = "127.0.0.1"
GREETING = 25
PORTS = (465, 993, 443)

SECONDS = 1.0


def trouble(host: str = HOST, greeting: int = GREETING, ports: Sequence[int] = PORTS) -> str:
    """What the mail server does not do; empty when it does all."""
    try:
        # A name is given, because otherwise it is looked up.
        with smtplib.SMTP(host, greeting, local_hostname="localhost", timeout=SECONDS):
            pass
    except OSError as error:
        return f"the mail server does not greet on port {greeting}: {error}"
    for port in ports:
        try:
            socket.create_connection((host, port), SECONDS).close()
        except OSError as error:
            return f"the mail server takes no connection on port {port}: {error}"
    return ""
