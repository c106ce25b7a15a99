"""After a boot that nobody asked for: a turn that this host was in when it lost its power is nobody's any more."""

from lib.console import log, wait_for
from lib.foundationdb import fdbcli
from lib.foundationdb.status import not_up
from lib.upkeep.held import given_back

DATABASE_SECONDS = 300


def interrupted() -> None:
    """Give back what was held before the boot, at once: as long as this node is not in again, the gate lets nobody go.

    Raises:
        Failed: the database is not available.
    """
    wait_for(DATABASE_SECONDS, "the database to be available", lambda: not not_up(fdbcli.status()), pause=1)
    if given_back():
        log("the turn in which this host went down is given back")
