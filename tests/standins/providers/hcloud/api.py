"""The cloud as one holder of a token sees it, by way of a client that bears being told to wait."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .cloud import Cloud
from .errors import ApiError

# The client of the real provider asks again this often where it was too fast.
_RETRIES = 5
_LOOKS = frozenset({"get", "list"})


class Api:
    """Asks on behalf of one token."""

    def __init__(self, cloud: Cloud, token: str, stop: threading.Event) -> None:
        self.cloud = cloud
        self._token = token
        self._stop = stop

    @contextmanager
    def request(self, operation: str) -> Iterator[Cloud]:
        """Ask for something; what happens inside, happens at once."""
        for attempt in range(_RETRIES + 1):
            try:
                self._admit(operation)
                break
            except ApiError as error:
                if error.code not in {"rate_limit_exceeded", "conflict"} or attempt == _RETRIES:
                    raise
        if waiting := self.cloud.seconds.get(operation):
            self._stop.wait(waiting)
        with self.cloud.lock:
            yield self.cloud

    def _admit(self, operation: str) -> None:
        self.cloud.answer(operation)
        if self._token.startswith(("unauthorized", "wrong")):
            raise ApiError("unauthorized", "unable to authenticate")
        if self._token.startswith("readonly") and operation.rsplit(".", 1)[1] not in _LOOKS:
            raise ApiError("token_readonly", "this token is only allowed to perform GET requests")
