"""Look at the end for everything that was accepted: in the inbox, and in the queue for what is late."""

import imaplib
import time
from dataclasses import dataclass, field

from lib import mailbox
from lib.mailbox import Mailbox
from lib.stalwart.jmap import Client, Refused, Unauthorized, Unreachable

from .ledger import Entry, Ledger

TROUBLE = (OSError, imaplib.IMAP4.error, Unreachable, Unauthorized, Refused)
_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Verdict:
    """What became of what was accepted."""

    delivered: int
    late: list[Entry] = field(default_factory=list)
    """In the queue: taken, kept, and delivered when its lock runs out, ten minutes later."""

    missing: list[Entry] = field(default_factory=list)


def look(addresses: list[str], who: Mailbox, admin: Mailbox, ledger: Ledger, prefix: str, seconds: float) -> Verdict:
    """Read through any of the live nodes until everything is there, at most so many seconds; then look in the queue.

    The queue is read before the last look into the inbox: what leaves it meanwhile is found there.
    """
    end = time.monotonic() + seconds
    found = _inbox(addresses, who, prefix)
    while ledger.missing(found) and time.monotonic() < end:
        time.sleep(_POLL_SECONDS)
        found |= _inbox(addresses, who, prefix)
    lacking = ledger.missing(found)
    if not lacking:
        return Verdict(len(ledger.accepted()))
    queue = _queue(addresses, admin)
    found |= _inbox(addresses, who, prefix)
    lacking = ledger.missing(found)
    return Verdict(
        len(ledger.accepted()) - len(lacking),
        [entry for entry in lacking if entry.message in queue],
        [entry for entry in lacking if entry.message not in queue],
    )


def _inbox(addresses: list[str], who: Mailbox, prefix: str) -> set[str]:
    """The messages of a run in the inbox, by the first node that answers; nothing when none does."""
    for address in addresses:
        try:
            return {subject for subject in mailbox.subjects(address, who) if subject.startswith(prefix)}
        except TROUBLE:
            continue
    return set()


def _queue(addresses: list[str], admin: Mailbox) -> set[str]:
    """The messages that wait, by the identity that their envelope was given."""
    for address in addresses:
        client = Client(f"https://{address}:443", admin.login, admin.password, 25)
        try:
            (answer,) = client.call(("x:QueuedMessage/get", {"ids": None}))
        except TROUBLE:
            continue
        return {str(item["envId"]) for item in answer["list"] if item.get("envId")}
    return set()
