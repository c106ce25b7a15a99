"""A store in memory, for tests of what a server keeps that need no database."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class MemoryStore:
    """Transactions one after the other."""

    def __init__(self) -> None:
        self.pairs: dict[bytes, bytes] = {}

    def transact(self, body: Callable[["MemoryTransaction"], T]) -> T:
        """Run a body; what it wrote is kept unless it raises."""
        transaction = MemoryTransaction(dict(self.pairs))
        result = body(transaction)
        self.pairs = transaction.pairs
        return result


class MemoryTransaction:
    """As a transaction of the database's client, of which this is a part."""

    def __init__(self, pairs: dict[bytes, bytes]) -> None:
        self.pairs = pairs

    def get(self, key: bytes) -> bytes | None:
        """The value of a key."""
        return self.pairs.get(key)

    def get_range(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        """All pairs whose key begins with a prefix, in order."""
        return sorted((key, value) for key, value in self.pairs.items() if key.startswith(prefix))

    def set(self, key: bytes, value: bytes) -> None:
        """Write a pair."""
        self.pairs[key] = value

    def clear(self, key: bytes) -> None:
        """Remove a pair."""
        self.pairs.pop(key, None)
