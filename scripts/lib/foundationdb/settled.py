"""What a database is told of itself: its redundancy mode, and the end of a maintenance that somebody left on."""

from lib.console import log
from lib.foundationdb import fdbcli
from lib.foundationdb.status import not_told
from lib.foundationdb.waiting import wait_until


def end_maintenance() -> None:
    """End what a person left on. Asked for by who holds the claim: then no node that has its turn can have begun it.

    Raises:
        Failed: it does not end.
    """
    zone = fdbcli.status().maintenance_zone
    if zone:
        log(f"maintenance of zone {zone} was left on; it is ended")
        _, said = fdbcli.command("maintenance off", 60)
        wait_until(
            f"the maintenance to end; fdbcli said: {said}",
            lambda now: [f"zone {now.maintenance_zone} is under it"] if now.maintenance_zone else [],
        )


def set_redundancy(wanted: str) -> None:
    """Bring the database to a redundancy mode; nothing where it has it.

    Raises:
        Failed: it does not take it.
    """
    # A database that recovers at this moment says nothing of itself.
    status = wait_until("the database to tell its redundancy mode", not_told)
    if status.redundancy_mode != wanted:
        log(f"redundancy from {status.redundancy_mode} to {wanted}")
        _, said = fdbcli.command(f"configure {wanted}", 60)
        wait_until(
            f"redundancy mode {wanted}; fdbcli said: {said}",
            lambda now: [] if now.redundancy_mode == wanted else [f"it is {now.redundancy_mode}"],
        )
