"""After a boot that nobody asked for: a turn that this host was in when it lost its power is nobody's any more."""

from lib.console import log, wait_for
from lib.foundationdb import fdbcli
from lib.foundationdb.status import not_up
from lib.turn import turn
from lib.turn.here import if_nobody_is_here
from lib.upkeep.reboot import holds

DATABASE_SECONDS = 300


def interrupted() -> None:
    """Give back what was held before the boot, at once: as long as this node is not in again, the gate lets nobody go.

    Whoever is at work here since the boot took the old claim over, and gives it back himself.

    Raises:
        Failed: the database is not available.
    """
    wait_for(DATABASE_SECONDS, "the database to be available", lambda: not not_up(fdbcli.status()), pause=1)
    with if_nobody_is_here() as free:
        if free and holds():
            turn.give_back()
            log("the turn in which this host went down is given back")
