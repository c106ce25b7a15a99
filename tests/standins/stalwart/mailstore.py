"""Mails of an account in the database: what any node puts in, every node can read."""

import base64
import json
import time
from dataclasses import dataclass
from email import message_from_bytes, policy

from .store import Store, Transaction


@dataclass
class Mail:
    """One stored mail."""

    uid: int
    raw: bytes
    flags: set[str]
    received: float

    @property
    def subject(self) -> str:
        """The subject, decoded."""
        return str(message_from_bytes(self.raw, policy=policy.default)["subject"] or "")


class Mailstore:
    """One inbox per account."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def deliver(self, account: str, raw: bytes) -> None:
        """Store a mail."""

        def body(transaction: Transaction) -> None:
            counter = b"uid/" + account.encode()
            uid = int(transaction.get(counter) or b"1")
            transaction.set(counter, str(uid + 1).encode())
            transaction.set(_key(account, uid), _pack(Mail(uid, raw, set(), time.time())))

        self._store.transact(body)

    def all(self, account: str) -> list[Mail]:
        """The mails in order of arrival."""
        pairs = self._store.transact(lambda transaction: transaction.get_range(b"mail/" + account.encode() + b"/"))
        return [_unpack(value) for _, value in pairs]

    def flag(self, account: str, mail: Mail) -> None:
        """Store a mail's flags."""
        self._store.transact(lambda transaction: transaction.set(_key(account, mail.uid), _pack(mail)))

    def remove(self, account: str, uid: int) -> None:
        """Remove a mail."""
        self._store.transact(lambda transaction: transaction.clear(_key(account, uid)))


def _key(account: str, uid: int) -> bytes:
    return b"mail/" + account.encode() + b"/%010d" % uid


def _pack(mail: Mail) -> bytes:
    body = base64.b64encode(mail.raw).decode()
    return json.dumps({"uid": mail.uid, "raw": body, "flags": sorted(mail.flags), "received": mail.received}).encode()


def _unpack(value: bytes) -> Mail:
    found = json.loads(value)
    return Mail(found["uid"], base64.b64decode(found["raw"]), set(found["flags"]), found["received"])
