"""Mails of an account in the database: what any node puts in, every node can read. Folders, and a person's scripts."""

import base64
import json
import time
from dataclasses import dataclass
from email import message_from_bytes, policy
from typing import Any

from .store import Store, Transaction

INBOX, JUNK, DRAFTS = "a", "c", "d"
# Id -> name and role: what every account has from its first look on.
_FIRST = {
    INBOX: ("INBOX", "inbox"),
    "b": ("Deleted Items", "trash"),
    JUNK: ("Junk Mail", "junk"),
    DRAFTS: ("Drafts", "drafts"),
    "e": ("Sent Items", "sent"),
}


@dataclass
class Mail:
    """One stored mail."""

    uid: int
    raw: bytes
    flags: set[str]
    received: float
    folder: str = INBOX
    """Its id."""

    @property
    def subject(self) -> str:
        """The subject, decoded."""
        return str(message_from_bytes(self.raw, policy=policy.default)["subject"] or "")


@dataclass(frozen=True)
class Folder:
    """One folder."""

    id: str
    name: str
    role: str | None = None


class Mailstore:
    """The folders of all accounts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def deliver(self, account: str, raw: bytes, folder: str = INBOX) -> Mail:
        """Store a mail."""

        def body(transaction: Transaction) -> Mail:
            uid = _next(transaction, b"uid/" + account.encode())
            mail = Mail(uid, raw, set(), time.time(), folder)
            transaction.set(_key(account, uid), _pack(mail))
            return mail

        return self._store.transact(body)

    def all(self, account: str, folder: str = "") -> list[Mail]:
        """The mails in order of arrival, those of one folder where it is named."""
        pairs = self._store.transact(lambda transaction: transaction.get_range(b"mail/" + account.encode() + b"/"))
        mails = (_unpack(value) for _, value in pairs)
        return [mail for mail in mails if folder in {"", mail.folder}]

    def flag(self, account: str, mail: Mail) -> None:
        """Store a mail's flags."""
        self._store.transact(lambda transaction: transaction.set(_key(account, mail.uid), _pack(mail)))

    def remove(self, account: str, uid: int) -> None:
        """Remove a mail."""
        self._store.transact(lambda transaction: transaction.clear(_key(account, uid)))

    def folders(self, account: str) -> list[Folder]:
        """All folders."""
        pairs = self._store.transact(lambda transaction: transaction.get_range(_folders(account)))
        first = [Folder(identity, name, role) for identity, (name, role) in _FIRST.items()]
        return first + [Folder(key.rsplit(b"/", 1)[1].decode(), value.decode()) for key, value in pairs]

    def folder(self, account: str, name: str, *, make: bool = False) -> Folder | None:
        """The folder of a name, made where it is to be; None where there is none."""
        wanted = "INBOX" if name.upper() == "INBOX" else name

        def body(transaction: Transaction) -> Folder | None:
            for identity, (first, role) in _FIRST.items():
                if first == wanted:
                    return Folder(identity, first, role)
            for key, value in transaction.get_range(_folders(account)):
                if value.decode() == wanted:
                    return Folder(key.rsplit(b"/", 1)[1].decode(), wanted)
            if not make:
                return None
            made = Folder(f"f{_next(transaction, b'folders/' + account.encode())}", wanted)
            transaction.set(_folders(account) + made.id.encode(), wanted.encode())
            return made

        return self._store.transact(body)

    def scripts(self, account: str) -> tuple[dict[str, str], str]:
        """Name -> script, and the name of the active one or nothing."""
        found = self._store.transact(lambda transaction: transaction.get(b"sieve/" + account.encode()))
        kept: dict[str, Any] = json.loads(found) if found else {"scripts": {}, "active": ""}
        return kept["scripts"], kept["active"]

    def keep_scripts(self, account: str, scripts: dict[str, str], active: str) -> None:
        """Store a person's scripts."""
        value = json.dumps({"scripts": scripts, "active": active}).encode()
        self._store.transact(lambda transaction: transaction.set(b"sieve/" + account.encode(), value))

    def forget(self, account: str) -> None:
        """Remove all that an account has."""

        def body(transaction: Transaction) -> None:
            name = account.encode()
            for prefix in (b"mail/" + name + b"/", _folders(account)):
                for key, _ in transaction.get_range(prefix):
                    transaction.clear(key)
            for key in (b"sieve/", b"uid/", b"folders/", b"identity/"):
                transaction.clear(key + name)

        self._store.transact(body)


def _next(transaction: Transaction, counter: bytes) -> int:
    number = int(transaction.get(counter) or b"1")
    transaction.set(counter, str(number + 1).encode())
    return number


def _key(account: str, uid: int) -> bytes:
    return b"mail/" + account.encode() + b"/%010d" % uid


def _folders(account: str) -> bytes:
    return b"folder/" + account.encode() + b"/"


def _pack(mail: Mail) -> bytes:
    body = base64.b64encode(mail.raw).decode()
    kept = {"uid": mail.uid, "raw": body, "flags": sorted(mail.flags), "received": mail.received, "in": mail.folder}
    return json.dumps(kept).encode()


def _unpack(value: bytes) -> Mail:
    found = json.loads(value)
    return Mail(found["uid"], base64.b64decode(found["raw"]), set(found["flags"]), found["received"], found["in"])
