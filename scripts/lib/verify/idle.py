"""IMAP IDLE (RFC 2177): a program that waits on one node is told of a mail that came in on another."""

import imaplib
import time
from email.message import EmailMessage

from lib import mailbox
from lib.mailbox import Mailbox, session

# Told within some hundredths of a second where the coordinator carries it (measured); who waits longer than this would
# rather look for himself.
TOLD_SECONDS = 20.0


def latency(reader: str, sender: str, who: Mailbox, message: EmailMessage) -> float:
    """Seconds from the acceptance of a mail on one node to the word of it in a session that idles on another.

    Args:
        reader: address of the node where somebody waits.
        sender: address of the node where the mail is handed in.

    Raises:
        OSError, imaplib.IMAP4.error: a node does not do its part, or says nothing in time.
    """
    with session(reader, who) as imap:
        imap.select("INBOX")
        tag = imap._new_tag()  # noqa: SLF001  # no command of its own before Python 3.14
        imap.send(tag + b" IDLE\r\n")
        _until(imap, b"+", "to idle")
        mailbox.hand_in(sender, who, [message])
        accepted = time.monotonic()
        imap.sock.settimeout(TOLD_SECONDS)
        _until(imap, b"EXISTS", f"of a new mail within {TOLD_SECONDS:.0f} s")
        told = time.monotonic() - accepted
        imap.send(b"DONE\r\n")
        _until(imap, tag, "the end of idling")
    return max(told, 0.0)


def _until(imap: imaplib.IMAP4_SSL, word: bytes, what: str) -> None:
    while True:
        try:
            line = imap.readline()
        except TimeoutError:
            raise OSError(f"is not told {what}") from None
        if not line:
            raise OSError("hung up")
        if word in line.split():
            return
