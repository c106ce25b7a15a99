"""Waiting for the database to be as a condition says."""

from collections.abc import Callable

from lib.console import Failed, wait_for
from lib.foundationdb import fdbcli
from lib.foundationdb.status import Status

# A recovery takes a few seconds and every command causes one; a slow machine gets time.
PATIENCE_SECONDS = 120

# Moving begins a minute or two after a recovery, and takes as long as there is data.
MOVING_SECONDS = 900


def wait_until(condition: str, reasons: Callable[[Status], list[str]], seconds: float = PATIENCE_SECONDS) -> Status:
    """Poll the status until nothing speaks against the condition.

    Raises:
        Failed: with the last reasons.
    """
    last: list[str] = []

    def check() -> Status | None:
        status = fdbcli.status()
        last[:] = reasons(status)
        return None if last else status

    try:
        return wait_for(seconds, condition, check)
    except Failed as failure:
        raise Failed(f"{failure}: {'; '.join(last)}", failure.remedy) from None
