"""Checks that run beside who asks: an answer is a second old at most, and never waits for a check that hangs."""

import threading
import time
from collections.abc import Callable

FRESH_SECONDS = 1.0


class Check:
    """One thing that must hold. At most one look at it runs at a time, in a thread of its own."""

    def __init__(self, what: str, seconds: float, look: Callable[[], str]) -> None:
        """Nothing runs before somebody asks.

        Args:
            what: the subject of the sentence that says what is wrong.
            seconds: a look that takes longer counts as failed, whatever comes of it.
            look: why it does not hold; empty when it does.
        """
        self._what, self._seconds, self._look = what, seconds, look
        self._changed = threading.Condition()
        self._found = ""
        self._found_at = -FRESH_SECONDS
        self._since: float | None = None

    def begin(self) -> None:
        """Look again, unless a look runs or the last one is fresh."""
        with self._changed:
            now = time.monotonic()
            if self._since is None and now - self._found_at >= FRESH_SECONDS:
                self._since = now
                threading.Thread(target=self._run, daemon=True).start()

    def trouble(self) -> str:
        """Why it does not hold; empty when it does. A look is waited for as long as one may take, from its start."""
        with self._changed:
            if self._since is not None:
                left = self._since + self._seconds - time.monotonic()
                self._changed.wait_for(lambda: self._since is None, max(0.0, left))
            return self._found if self._since is None else f"{self._what} did not answer within {self._seconds:g} s"

    def _run(self) -> None:
        try:
            found = self._look()
        except Exception as error:  # noqa: BLE001  # whatever it is, the node is not known to be fit
            found = f"{self._what}: {error or type(error).__name__}"
        with self._changed:
            self._found, self._found_at, self._since = found, time.monotonic(), None
            self._changed.notify_all()
