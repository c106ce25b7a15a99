"""The TLS that a port of a mail server speaks."""

import smtplib
import ssl

from lib.mailbox import SECONDS, connected, unchecked

STARTTLS_PORT = 587
"""TLS begins there after a greeting; on all others with the first byte."""


def spoken(address: str, port: int) -> str:
    """The version of TLS that a program comes to speak with a port.

    Raises:
        OSError, smtplib.SMTPException: none.
    """
    if port == STARTTLS_PORT:
        with smtplib.SMTP(address, port, timeout=SECONDS) as session:
            session.starttls(context=unchecked())
            return version(session)
    with connected(address, port) as secured:
        return secured.version() or ""


def version(session: smtplib.SMTP) -> str:
    """Of the TLS that a session speaks by now."""
    return str(session.sock.version()) if isinstance(session.sock, ssl.SSLSocket) else ""
