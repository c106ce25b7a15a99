"""One at a time on this host: an interrupted run may still be at work here, unseen by the one that follows it."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from io import TextIOWrapper
from pathlib import Path

from lib.console import wait_for

# Gone with a boot, as everybody who was at work before it.
LOCK = Path("/run/stalwart-cluster/turn")

# Others may be in front: each takes a minute or two.
PATIENCE_SECONDS = 1500


@contextmanager
def only_one_here(why: str) -> Iterator[None]:
    """Wait until nobody else is at work on this host.

    Raises:
        Failed: names what the other one was begun for.
    """
    with _opened() as file:
        wait_for(
            PATIENCE_SECONDS, f"another run on this host, begun to {LOCK.read_text().strip()}", lambda: _taken(file)
        )
        file.truncate(0)
        file.write(f"{why}, process {os.getpid()}, {clock(int(time.time()))}\n")
        file.flush()
        yield


@contextmanager
def if_nobody_is_here() -> Iterator[bool]:
    """Whether nobody is at work on this host, and nobody begins meanwhile."""
    with _opened() as file:
        yield _taken(file)


def clock(seconds: int) -> str:
    """Seconds of the epoch for a person."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%FT%TZ")  # noqa: UP017  # also Python 3.10 tools


def _opened() -> TextIOWrapper:
    LOCK.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return LOCK.open("a+")


def _taken(file: TextIOWrapper) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
