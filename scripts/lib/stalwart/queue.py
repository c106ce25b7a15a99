"""What waits in the mail server's queue, which all nodes share: how many, since when, for whom. No address is told."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from lib.stalwart.jmap import Call

# The server answers with at most so many objects. What is due first comes first.
MOST = 500

# A mail whose delivery was broken off by a hiccup of the database is tried again after the ten minutes of its lock, at
# the next look of a server five minutes later. Source: LOCK_EXPIRY, QUEUE_REFRESH in crates/smtp/src/queue/spool.rs.
LATE_SECONDS = 20 * 60

_HERE = "local"


@dataclass(frozen=True)
class Waiting:
    """Mails that wait for the same next hop."""

    hop: str
    """`local`: mailboxes of this cluster; else the server that was asked last, or the domain where none was yet."""

    mails: int
    oldest_seconds: int
    due: int
    """That may be delivered now."""

    late: int
    """That are due for so long that nobody seems to deliver."""

    reason: str
    """What stood in the way the last time; empty: nothing was tried yet."""


def look() -> list[Call]:
    """The calls that read the queue."""
    first = {"sort": [{"property": "due", "isAscending": True}], "limit": MOST, "calculateTotal": True}
    ids = {"resultOf": "0", "name": "x:QueuedMessage/query", "path": "/ids"}
    return [
        ("x:QueuedMessage/query", first),
        ("x:QueuedMessage/get", {"#ids": ids, "properties": ["createdAt", "recipients"]}),
    ]


def summary(answers: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, Any]:
    """How many mails wait, and for what; of more than MOST, the hops of those that are due first."""
    query, found = answers
    hops = sorted(_hops(found["list"], now), key=lambda hop: (-hop.mails, hop.hop))
    return {
        "mails": query["total"],
        "oldest_seconds": max((hop.oldest_seconds for hop in hops), default=0),
        "due": sum(hop.due for hop in hops),
        "late": sum(hop.late for hop in hops),
        "hops": [asdict(hop) for hop in hops],
    }


def _hops(mails: list[Mapping[str, Any]], now: datetime) -> Iterator[Waiting]:
    by_hop: dict[str, list[tuple[int, int, str]]] = {}
    for mail in mails:
        age = _seconds(mail["createdAt"], now)
        # A mail to ten people at one place waits once.
        of_mail: dict[str, tuple[int, int, str]] = {}
        for address, recipient in mail["recipients"].items():
            status = recipient["status"]
            if status["@type"] in {"Scheduled", "TemporaryFailure"}:
                of_mail[_hop(address, recipient)] = (age, _seconds(recipient["retryDue"], now), _reason(status))
        for hop, seen in of_mail.items():
            by_hop.setdefault(hop, []).append(seen)
    for hop, seen_all in by_hop.items():
        yield Waiting(
            hop=hop,
            mails=len(seen_all),
            oldest_seconds=max(age for age, _, _ in seen_all),
            due=sum(overdue >= 0 for _, overdue, _ in seen_all),
            late=sum(overdue >= LATE_SECONDS for _, overdue, _ in seen_all),
            reason=next((reason for _, _, reason in sorted(seen_all, reverse=True) if reason), ""),
        )


def _hop(address: str, recipient: Mapping[str, Any]) -> str:
    if recipient["queueName"] == _HERE:
        return _HERE
    return str(recipient["status"].get("responseHostname") or address.rpartition("@")[2]).lower()


def _reason(status: Mapping[str, Any]) -> str:
    """In the words of the server; what another server said may name the recipient, so of that only the code."""
    if status["@type"] != "TemporaryFailure":
        return ""
    if code := status.get("responseCode"):
        return f"answered {code} {status.get('responseEnhanced') or ''}".strip()
    return str(status.get("errorMessage") or status.get("errorType") or "")


def _seconds(since: str, now: datetime) -> int:
    return int((now - datetime.fromisoformat(since)).total_seconds())
