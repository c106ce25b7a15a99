"""What waits in the queue for so long that somebody should look."""

from collections.abc import Iterator, Mapping
from typing import Any

from tools.status.differences.difference import Difference, Subject
from tools.status.look import View

# Senders begin to ask after some hours. Source: RFC 5321, 4.5.4.1, asks for retries for days; common servers tell a
# sender after four hours that his mail waits.
OLD_SECONDS = 4 * 60 * 60

# Our own mailboxes, or a relay of ours, take everything or something is wrong.
_OURS_SECONDS = 30 * 60
LOCAL = "local"


def differences(view: View) -> Iterator[Difference]:
    """Mail that nobody delivers, and mail that our own mailboxes or our relay do not take, are grave."""
    queue = (view.mail or {}).get("queue")
    if not queue:
        return
    for hop in queue["hops"]:
        yield from _of_hop(hop, view.wanted.relay)


def _of_hop(hop: Mapping[str, Any], relay: str | None) -> Iterator[Difference]:
    ours = hop["hop"] in {LOCAL, relay}
    where = "for mailboxes here" if hop["hop"] == LOCAL else f"for {hop['hop']}"
    why = f": {hop['reason']}" if hop["reason"] else ""
    if hop["late"]:
        text = f"{_mails(hop['late'])} {where} should have been delivered long ago and nobody does"
        yield Difference(Subject.QUEUE, text, "see the nodes above: at least one that sends has to be up")
    elif ours and hop["oldest_seconds"] >= _OURS_SECONDS:
        what = "the relay" if hop["hop"] == relay else "the mail server itself"
        text = f"{_mails(hop['mails'])} {where} waits since {age(hop['oldest_seconds'])}{why}"
        yield Difference(Subject.QUEUE, text, f"{what} does not take it: see its journal and mail.relay")
    elif hop["oldest_seconds"] >= OLD_SECONDS:
        text = f"{_mails(hop['mails'])} {where} waits since {age(hop['oldest_seconds'])}{why}"
        yield Difference(Subject.QUEUE, text, "goes back to its sender after three days", grave=False)


def age(seconds: int) -> str:
    """`95` -> `1 min`, `7300` -> `2 h`."""
    minutes = seconds // 60
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"  # noqa: PLR2004  # two hours


def _mails(number: int) -> str:
    return f"{number} mail{'s' if number > 1 else ''}"
