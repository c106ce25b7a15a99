"""Hand mails in and read them, as a person's mail program does: SMTP and IMAP with TLS from the first byte, and JMAP.

Certificates are not checked: before there is a public one the nodes sign their own.
"""

import imaplib
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from lib.stalwart.jmap import Client

SECONDS = 15
_NEWEST = 500


@dataclass(frozen=True)
class Mailbox:
    """One account, reachable through any node."""

    login: str
    password: str


def compose(sender: str, recipient: str, subject: str, text: str) -> EmailMessage:
    """A mail as a mail program writes it."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, recipient, subject
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    mail.set_content(text)
    return mail


def hand_in(node: str, mailbox: Mailbox, messages: list[EmailMessage]) -> None:
    """Hand messages in on a node, in one session.

    Raises:
        OSError, smtplib.SMTPException: the node did not take one.
    """
    with smtplib.SMTP_SSL(node, 465, timeout=SECONDS, context=unchecked()) as smtp:
        smtp.login(mailbox.login, mailbox.password)
        for message in messages:
            smtp.send_message(message)


def subjects(node: str, mailbox: Mailbox) -> set[str]:
    """The subjects in the inbox, by IMAP."""
    with session(node, mailbox) as imap:
        imap.select("INBOX")
        found: set[str] = set()
        for part in imap.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]:
            if isinstance(part, tuple):
                found.add(part[1].decode(errors="replace").partition(":")[2].strip())
        return found


def subjects_by_jmap(node: str, mailbox: Mailbox) -> set[str]:
    """The subjects of the newest messages, by JMAP. No search, because the index follows later."""
    client = Client(f"https://{node}:443", mailbox.login, mailbox.password, SECONDS)
    account = client.session()["primaryAccounts"]["urn:ietf:params:jmap:mail"]
    newest = {"sort": [{"property": "receivedAt", "isAscending": False}], "limit": _NEWEST}
    (query,) = client.call(("Email/query", newest), account=account)
    if not query["ids"]:
        return set()
    (answer,) = client.call(("Email/get", {"ids": query["ids"], "properties": ["subject"]}), account=account)
    return {str(item.get("subject")) for item in answer["list"]}


def remove(node: str, mailbox: Mailbox, prefix: str) -> int:
    """Remove the messages whose subject begins with a prefix; how many are left in the inbox."""
    with session(node, mailbox) as imap:
        imap.select("INBOX")
        _, (numbers,) = imap.search(None, "SUBJECT", f'"{prefix}"')
        if numbers:
            imap.store(",".join(numbers.decode().split()), "+FLAGS", r"(\Deleted)")
            imap.expunge()
        _, (left,) = imap.search(None, "ALL")
        return len(left.split()) if left else 0


@contextmanager
def session(node: str, mailbox: Mailbox) -> Iterator[imaplib.IMAP4_SSL]:
    """A session by IMAP that is logged in."""
    imap = imaplib.IMAP4_SSL(node, 993, ssl_context=unchecked(), timeout=SECONDS)
    try:
        imap.login(mailbox.login, mailbox.password)
        yield imap
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            imap.logout()


@contextmanager
def connected(node: str, port: int) -> Iterator[ssl.SSLSocket]:
    """A connection to a port that speaks TLS from the first byte."""
    with socket.create_connection((node, port), SECONDS) as plain, unchecked().wrap_socket(plain) as secured:
        yield secured


def unchecked() -> ssl.SSLContext:
    """TLS with whoever answers."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
