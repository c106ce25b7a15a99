"""What a node sees of the database, and who waits here for a change of an account.

The real server reads at a version of the database that it keeps for a second; its own writes renew it. Who is told of
a mail within that second looks and does not see it. Only what depends on it goes by it here: idling, and what is made
at the first look. Source: REFRESH_READ_VERSION_AFTER in crates/store/src/backend/foundationdb/mod.rs.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_KEPT_SECONDS = 1.0


class Sight:
    """Of one node."""

    def __init__(self) -> None:
        self._version = 0.0
        self._waiting: defaultdict[str, set[Callable[[], None]]] = defaultdict(set)
        self._lock = threading.Lock()

    def version(self) -> float:
        """The time up to which everything is seen, in seconds of the epoch. To read is to look."""
        with self._lock:
            if time.time() - self._version > _KEPT_SECONDS:
                self._version = time.time()
            return self._version

    def wrote(self) -> None:
        """What this node wrote it sees."""
        with self._lock:
            self._version = time.time()

    def changed(self, account: str) -> None:
        """Tell all that wait here for an account."""
        with self._lock:
            waiting = list(self._waiting[account])
        for tell in waiting:
            tell()

    @contextmanager
    def waiting(self, account: str, tell: Callable[[], None]) -> Iterator[None]:
        """Be told of changes of an account."""
        with self._lock:
            self._waiting[account].add(tell)
        try:
            yield
        finally:
            with self._lock:
                self._waiting[account].discard(tell)
