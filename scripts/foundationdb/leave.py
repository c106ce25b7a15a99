"""Take one node's database process out, from another node: before its machine is replaced, or when it is gone already.

The coordinators move first, then all data; a process that is not in any more has none to move. The node that comes back
under the same address is taken in again by database.py.
"""

from os import environ

from lib.console import Failed, log, run
from lib.foundationdb import fdbcli
from lib.foundationdb.coordinators import move_off
from lib.foundationdb.membership import leaving, take_out
from lib.foundationdb.waiting import MOVING_SECONDS, wait_until
from lib.turn.turn import claimed

LEAVER = environ["LEAVER"]
ADDRESS = environ["ADDRESS"]


def main() -> None:
    status = fdbcli.status()
    if not status.available:
        raise Failed(
            f"the database is not available, so {LEAVER} cannot be spared now",
            "start the other nodes, then run the same command again",
        )
    with claimed(f"let {LEAVER} leave", leaver=LEAVER):
        others = {process.address: process.zone for process in status.processes if process.address != ADDRESS}
        if all(process.address != ADDRESS for process in status.processes):
            log(f"{LEAVER} is not in the database any more: nothing to move off it")
            move_off(ADDRESS)
            return
        gone = leaving(others, str(status.redundancy_mode))
        move_off(ADDRESS)
        take_out(gone, lambda condition, reasons: wait_until(condition, reasons, MOVING_SECONDS))


run(main)
