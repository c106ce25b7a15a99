"""Mails of an account with a word in their subject, in whichever folder they lie."""

import imaplib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

from lib.mailbox import Mailbox, session


@dataclass(frozen=True)
class Filed:
    """A mail and the folder it lies in."""

    folder: str
    message: EmailMessage

    @property
    def subject(self) -> str:
        """Its subject."""
        return str(self.message["Subject"] or "")

    @property
    def authentication(self) -> str:
        """What the mail server wrote down of the sender (RFC 8601), on one line; empty where it wrote nothing."""
        said = " ".join(str(header) for header in self.message.get_all("Authentication-Results", []))
        return " ".join(said.split())


def filed(node: str, mailbox: Mailbox) -> list[Filed]:
    """All mails of an account, read on a node by IMAP.

    Raises:
        OSError, imaplib.IMAP4.error: the node does not answer or does not let the account in.
    """
    found = []
    with session(node, mailbox) as imap:
        for folder in _folders(imap):
            kind, _ = imap.select(f'"{folder}"', readonly=True)
            if kind != "OK":
                continue
            for part in imap.fetch("1:*", "(BODY.PEEK[])")[1]:
                if isinstance(part, tuple):
                    message = message_from_bytes(part[1], policy=policy.default)
                    found.append(Filed(folder, message))
    return found


def _folders(imap: imaplib.IMAP4_SSL) -> Iterator[str]:
    for line in imap.list()[1]:
        if isinstance(line, bytes) and (name := re.search(rb'"?([^"]+)"?$', line)) and b"\\Noselect" not in line:
            yield name[1].decode()
