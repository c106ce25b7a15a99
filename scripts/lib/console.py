"""How a script talks: progress on stderr, one sentence when it fails, bounded waits that name their condition."""

import os
import sys
import time
from collections.abc import Callable
from typing import NoReturn, TypeVar

T = TypeVar("T")

POLL_SECONDS = 0.2


class Failed(Exception):  # noqa: N818  # reads as what happened: raise Failed("...")
    """The step cannot go on. The message is for a person, the remedy says what to do."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem)
        self.remedy = remedy


def log(text: str) -> None:
    """A line of progress, under the name of the node."""
    print(f"{os.environ.get('NODE', 'here')}: {text}", file=sys.stderr, flush=True)


def wait_for(seconds: float, condition: str, check: Callable[[], T | None], pause: float = POLL_SECONDS) -> T:
    """Poll until `check` gives something true, and return it.

    Args:
        pause: seconds between two looks.

    Raises:
        Failed: after `seconds`, with the condition in its message.
    """
    end = time.monotonic() + seconds
    if found := check():
        return found
    log(f"waiting for {condition} (at most {seconds:.0f} s)")
    while time.monotonic() < end:
        time.sleep(pause)
        if found := check():
            return found
    raise Failed(
        f"gave up waiting for {condition} after {seconds:.0f} s",
        "run the same command again once the cause is gone: it continues here",
    )


def within(seconds: float, check: Callable[[], T | None]) -> T | None:
    """Poll until `check` gives something true, without a word; None when the time is over."""
    end = time.monotonic() + seconds
    while not (found := check()):
        if time.monotonic() > end:
            return None
        time.sleep(POLL_SECONDS)
    return found


def run(main: Callable[[], None]) -> NoReturn:
    """Run a script's main function; what fails ends it with one sentence, never with a traceback."""
    try:
        main()
    except Failed as failure:
        log(f"error: {failure}")
        if failure.remedy:
            log(f"what to do: {failure.remedy}")
        sys.exit(1)
    except OSError as error:
        log(f"error: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        log("error: interrupted")
        sys.exit(130)
    sys.exit(0)
