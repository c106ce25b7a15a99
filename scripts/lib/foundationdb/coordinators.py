"""Which processes keep the cluster's coordination: setting them, and moving it off one that goes."""

from collections.abc import Sequence

from lib.console import Failed, log
from lib.foundationdb import fdbcli
from lib.foundationdb.waiting import wait_until


def set_coordinators(wanted: Sequence[str]) -> None:
    """Make exactly these the coordinators; nothing where they are.

    Raises:
        Failed: the database did not take them in time.
    """
    if sorted(fdbcli.status().coordinators) == sorted(wanted):
        return
    log(f"coordinators: {' '.join(sorted(wanted))}")
    _, said = fdbcli.command(f"coordinators {' '.join(sorted(wanted))}", 60)
    wait_until(
        f"the coordinators to be set; fdbcli said: {said}",
        lambda now: (
            []
            if sorted(now.coordinators) == sorted(wanted)
            else [f"they are {' '.join(sorted(now.coordinators)) or 'unknown'}"]
        ),
    )


def move_off(address: str) -> None:
    """Leave the coordination to the others that answer, if this process has a part in it.

    A machine that is new under a coordinator's address would speak for what it never knew, with its empty disk. Where
    the others are an even number, one less is taken: an even number needs as many alive as the next odd one.

    Raises:
        Failed: the others are no majority, so that the database cannot be changed.
    """
    status = fdbcli.status()
    if address not in status.coordinators:
        return
    left = sorted(there for there, reachable in status.coordinators.items() if reachable and there != address)
    if not status.available or not left:
        raise Failed(
            f"{address} is needed to coordinate the database: the others that answer are too few",
            "start the other nodes first; a database comes back only with the disks of most of its coordinators",
        )
    set_coordinators(left if len(left) % 2 else left[:-1])
