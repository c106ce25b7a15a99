"""One check as a script tells it: its name, whether it is right, seconds, and a detail for people."""

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

Told = dict[str, Any]
_AT_ONCE = 8


class Wrong(Exception):  # noqa: N818  # reads as what was found
    """A check did not find what it should; the message is its detail."""


def made(name: str, check: Callable[[], str]) -> Told:
    """Make a check: what it returns is the detail, what it raises is what is wrong."""
    began = time.monotonic()
    try:
        result, detail = "right", check()
    except Exception as trouble:  # noqa: BLE001  # whatever it is, it is what is wrong, and the others are made too
        result, detail = "wrong", str(trouble) or type(trouble).__name__
    return {"name": name, "result": result, "seconds": round(time.monotonic() - began, 1), "detail": detail}


def judged(name: str, seconds: float, wrong: Sequence[str], right: str) -> Told:
    """A check that was made over many mails: right when nothing was wrong with any."""
    detail = "; ".join(wrong) or right
    return {"name": name, "result": "wrong" if wrong else "right", "seconds": round(seconds, 1), "detail": detail}


def tell(checks: Sequence[Told], **more: Any) -> None:  # noqa: ANN401  # any JSON
    """The one document that a script prints."""
    print(json.dumps({"checks": list(checks), **more}, sort_keys=True))


def each(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Work on all items, several at the same time; all failures are told together.

    Raises:
        Wrong: what failed, in words.
    """

    def one(item: T) -> tuple[R | None, str]:
        try:
            return work(item), ""
        except Exception as trouble:  # noqa: BLE001  # told with the others
            return None, str(trouble) or type(trouble).__name__

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        found = list(pool.map(one, items))
    if failures := [failure for _, failure in found if failure]:
        raise Wrong("; ".join(dict.fromkeys(failures)))
    return [result for result, _ in found if result is not None]
