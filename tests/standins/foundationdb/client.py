"""The client library's part: transactions against the leader, and a cluster file that follows the coordinators."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from .wire import ClusterFile, Message, ask

T = TypeVar("T")

_PAUSE_SECONDS = 0.1
_ANSWER_SECONDS = 5.0
OWN = "7.4"


class StoreUnavailable(Exception):  # noqa: N818  # reads as what it is
    """The database did not take the transaction in time."""


class Conflict(Exception):  # noqa: N818  # reads as what it is
    """What was read has changed: the transaction is tried again."""


class Transaction:
    """Reads remember what they saw; writes are kept back until the commit."""

    def __init__(self, store: "Store") -> None:
        self._store = store
        self.reads: dict[str, int] = {}
        self.ranges: list[tuple[str, list[list[object]]]] = []
        self.writes: dict[str, str | None] = {}

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, with this transaction's own writes in view."""
        name = key.hex()
        if name in self.writes:
            value = self.writes[name]
        else:
            answer = self._store.request({"op": "get", "key": name})
            value = answer["value"]
            self.reads.setdefault(name, answer["version"])
        return None if value is None else bytes.fromhex(value)

    def get_range(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        """All pairs whose key begins with a prefix, in order."""
        pairs = self._store.request({"op": "range", "prefix": prefix.hex()})["pairs"]
        self.ranges.append((prefix.hex(), [[key, version] for key, _, version in pairs]))
        found = {key: value for key, value, _ in pairs}
        found |= {key: value for key, value in self.writes.items() if key.startswith(prefix.hex())}
        return [(bytes.fromhex(k), bytes.fromhex(v)) for k, v in sorted(found.items()) if v is not None]

    def set(self, key: bytes, value: bytes) -> None:
        """Write a pair."""
        self.writes[key.hex()] = value.hex()

    def clear(self, key: bytes) -> None:
        """Remove a pair."""
        self.writes[key.hex()] = None


class Store:
    """A database by its cluster file, for a client library that speaks one line."""

    def __init__(self, cluster_file: str | Path, timeout: float | None, line: str = OWN) -> None:
        self.file = ClusterFile(cluster_file)
        self._line = line
        self._timeout = timeout
        self._leader: str | None = None
        self._end = float("inf")

    def transact(self, body: Callable[[Transaction], T]) -> T:
        """Run a body until it commits.

        Raises:
            StoreUnavailable: after the timeout; without one it waits for ever.
        """
        end = time.monotonic() + (float("inf") if self._timeout is None else self._timeout)
        while True:
            transaction = Transaction(self)
            try:
                result = body(transaction)
                if transaction.writes:
                    self._commit(transaction)
            except (Conflict, StoreUnavailable, OSError):
                self._leader = None
                if time.monotonic() > end:
                    raise StoreUnavailable("the database does not answer") from None
                time.sleep(_PAUSE_SECONDS)
            else:
                return result

    def request(self, message: Message) -> Message:
        """One request to the leader."""
        answer = self.ask(self._find_leader(), {**message, "identity": self.file.identity}, _ANSWER_SECONDS)
        if "forward" in answer:
            self.file.rewrite(answer["forward"])
        if "error" in answer:
            raise StoreUnavailable(answer["error"])
        return answer

    def ask(self, address: str, message: Message, seconds: float) -> Message:
        """One question to one process, in the line that the client speaks.

        Raises:
            OSError: nobody answers in time.
        """
        return ask(address, {**message, "line": self._line}, seconds)

    def _commit(self, transaction: Transaction) -> None:
        answer = self.request(
            {
                "op": "commit",
                "reads": list(transaction.reads.items()),
                "ranges": transaction.ranges,
                "writes": list(transaction.writes.items()),
            }
        )
        if answer.get("conflict"):
            raise Conflict

    def _find_leader(self) -> str:
        if self._leader:
            return self._leader
        for address in self.file.coordinators:
            try:
                greeting = self.ask(address, {"op": "hello", "identity": self.file.identity}, 1)
                if "forward" in greeting:
                    self.file.rewrite(greeting["forward"])
                    break
                if greeting.get("ok") and greeting.get("leader"):
                    self._leader = str(greeting["leader"])
                    return self._leader
            except (OSError, ValueError):
                continue
        raise StoreUnavailable("no coordinator knows a leader")
