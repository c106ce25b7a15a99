"""Mails that wait, in the database: any node sees them, and the one that delivers locks them.

They are the objects that x:QueuedMessage shows; the mail itself and the lock have keys of their own.
"""

import base64
import json
import time
from datetime import UTC, datetime
from typing import Any

from ..registry import encode
from ..store import Store, Transaction

# How long a lock holds that nobody gave back. Source: LOCK_EXPIRY in crates/smtp/src/queue/spool.rs.
LOCK_SECONDS = 600
# Until a first, second ... attempt is repeated; the last for all that follow. Source: the real server's own schedule.
RETRY_SECONDS = (120, 300, 600, 900, 1800, 3600, 7200)
_EXPIRES_SECONDS, _NOTIFY_SECONDS = 3 * 86400, 86400
_OBJECTS, _MAILS, _LOCKS = b"object/QueuedMessage/", b"queue/mail/", b"queue/lock/"
WAITING = ("Scheduled", "TemporaryFailure")

Object = dict[str, Any]


class Spool:
    """The queue of the whole cluster."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(
        self, sender: str, recipients: list[str], raw: bytes, origin: tuple[str, int], queue: str = "remote"
    ) -> None:
        """Take a mail in; origin is the address and the port by which it came."""
        now = time.time()
        identity = f"jp3{encode(time.time_ns() // 1000)}"
        waits = {
            "retryCount": 0,
            "retryDue": moment(now),
            "notifyCount": 0,
            "notifyDue": moment(now + _NOTIFY_SECONDS),
            "expires": {"@type": "Ttl", "expiresAt": moment(now + _EXPIRES_SECONDS)},
            "queueName": queue,
            "status": {"@type": "Scheduled"},
            "flags": {},
            "orcpt": None,
        }
        message = {
            "createdAt": moment(now),
            "nextRetry": moment(now),
            "nextNotify": moment(now + _NOTIFY_SECONDS),
            "returnPath": sender,
            "recipients": {address: dict(waits) for address in recipients},
            "receivedFromIp": origin[0],
            "receivedViaPort": origin[1],
            "flags": {"authenticated": True},
            "envId": None,
            "priority": 0,
            "size": len(raw),
        }

        def body(transaction: Transaction) -> None:
            transaction.set(_OBJECTS + identity.encode(), json.dumps(message).encode())
            transaction.set(_MAILS + identity.encode(), base64.b64encode(raw))

        self._store.transact(body)

    def due(self) -> list[str]:
        """What may be tried now, the oldest first."""
        pairs = self._store.transact(lambda transaction: transaction.get_range(_OBJECTS))
        now = moment(time.time())
        return [
            key.removeprefix(_OBJECTS).decode()
            for key, value in pairs
            if (retry := json.loads(value)["nextRetry"]) and retry <= now
        ]

    def claim(self, identity: str) -> tuple[Object, bytes] | None:
        """Lock a mail that is due, and read it; None where another node has it or it is gone."""

        def body(transaction: Transaction) -> tuple[Object, bytes] | None:
            name = identity.encode()
            lock, value = transaction.get(_LOCKS + name), transaction.get(_OBJECTS + name)
            if value is None or (lock and float(lock) > time.time()):
                return None
            message: Object = json.loads(value)
            if message["nextRetry"] > moment(time.time()):
                return None
            transaction.set(_LOCKS + name, str(time.time() + LOCK_SECONDS).encode())
            return message, base64.b64decode(transaction.get(_MAILS + name) or b"")

        return self._store.transact(body)

    def keep(self, identity: str, message: Object) -> None:
        """Give a mail back after an attempt: it waits for the next, or is done with."""
        retries = [item["retryDue"] for item in message["recipients"].values() if item["status"]["@type"] in WAITING]

        def body(transaction: Transaction) -> None:
            name = identity.encode()
            transaction.clear(_LOCKS + name)
            if retries:
                transaction.set(_OBJECTS + name, json.dumps({**message, "nextRetry": min(retries)}).encode())
            else:
                transaction.clear(_OBJECTS + name)
                transaction.clear(_MAILS + name)

        self._store.transact(body)

    def postpone(self, identity: str, until: str) -> bool:
        """Set when all of a mail's recipients are tried next; false where there is no such mail."""

        def body(transaction: Transaction) -> bool:
            if (value := transaction.get(_OBJECTS + identity.encode())) is None:
                return False
            message = json.loads(value)
            for recipient in message["recipients"].values():
                recipient["retryDue"] = until
            transaction.set(_OBJECTS + identity.encode(), json.dumps({**message, "nextRetry": until}).encode())
            return True

        return self._store.transact(body)

    def cancel(self, identity: str) -> bool:
        """Remove a mail; false where there is none."""

        def body(transaction: Transaction) -> bool:
            there = transaction.get(_OBJECTS + identity.encode()) is not None
            for prefix in (_OBJECTS, _MAILS, _LOCKS):
                transaction.clear(prefix + identity.encode())
            return there

        return self._store.transact(body)


def moment(seconds: float) -> str:
    """Seconds of the epoch as JMAP writes a time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
