"""Looking again at what the world shall come to show, for a time and no longer."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from lib.console import log

T = TypeVar("T")

_AT_ONCE = 8
_PAUSE_SECONDS = 5.0


def still_wrong(looks: Mapping[T, Callable[[], str]], seconds: float, condition: str) -> dict[T, str]:
    """What is not right after some time, with the reason.

    Args:
        looks: thing -> a look at it, which says what is wrong; empty where nothing is.
        seconds: how long it is looked again; once at least.
        condition: what is waited for, for a person.
    """
    end = time.monotonic() + seconds
    left = dict(looks)
    while True:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = list(pool.map(lambda look: look(), left.values()))
        why = {thing: reason for thing, reason in zip(left, found, strict=True) if reason}
        left = {thing: left[thing] for thing in why}
        if not left or time.monotonic() + _PAUSE_SECONDS > end:
            return why
        if len(left) == len(looks):
            log(f"waiting for {condition} (at most {seconds:.0f} s)")
        time.sleep(_PAUSE_SECONDS)
