"""How a part of a request is refused."""

from typing import Any


class Refused(Exception):  # noqa: N818  # reads as what it is
    """A part of a request is not done; `detail` is what the client is told."""

    def __init__(self, kind: str, **detail: Any) -> None:
        self.detail = {"type": kind, **detail}
        super().__init__(kind)
