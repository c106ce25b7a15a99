"""Set back what was changed by hand in a database that serves, before any step on a host has to wait for it: a service
that has to restart waits until the cluster could lose a zone, and that may be what was changed.

Only what can be set back where all wanted processes are in and no other: what comes or goes is the business of
database.py, when all hosts are done. Where there is no database yet, or none that answers, nothing is done.
"""

import shutil
from os import environ
from pathlib import Path

from lib.console import log, run
from lib.foundationdb import fdbcli
from lib.foundationdb.coordinators import set_coordinators
from lib.foundationdb.membership import take_back
from lib.foundationdb.refusals import refuse
from lib.foundationdb.settled import end_maintenance, set_redundancy
from lib.foundationdb.status import Status, not_told, not_tolerant, not_up
from lib.foundationdb.waiting import MOVING_SECONDS, wait_until
from lib.turn.turn import claimed

REDUNDANCY = environ["REDUNDANCY"]
ENGINE = environ["ENGINE"]
COORDINATORS = environ["COORDINATORS"].split()
PROCESSES = dict(item.split("=", 1) for item in environ["PROCESSES"].split())
TOLERANCE = int(environ["TOLERANCE"])
ALLOW = frozenset(environ["ALLOW"].split())

# One that does not answer is none of this step's: the steps after it start what is stopped.
ANSWER_SECONDS = 15


def main() -> None:
    if not shutil.which("fdbcli") or not Path(fdbcli.CLUSTER_FILE).exists():
        log("no database yet")
        return
    status = fdbcli.status(ANSWER_SECONDS)
    if reasons := not_up(status) or not_told(status):
        log(f"nothing is set back yet: {'; '.join(reasons)}")
        return
    if not differs(status):
        return
    refuse(status, PROCESSES, redundancy=REDUNDANCY, engine=ENGINE, allow=ALLOW)
    with claimed("set back what was changed in the database"):
        set_back()


def set_back() -> None:
    """As database.py does it, as far as no process has to come or go."""
    take_back(PROCESSES)
    end_maintenance()
    if is_whole(fdbcli.status()):
        set_redundancy(REDUNDANCY)
        set_coordinators(COORDINATORS)
        wait_until(f"a fault tolerance of {TOLERANCE}", lambda status: not_tolerant(status, TOLERANCE), MOVING_SECONDS)


def differs(status: Status) -> bool:
    """Whether anything here would be set back."""
    hosts = {address.rsplit(":", 1)[0] for address in PROCESSES}
    told = status.redundancy_mode == REDUNDANCY and sorted(status.coordinators) == sorted(COORDINATORS)
    return (
        bool({*PROCESSES, *hosts} & {*status.excluded_servers})
        or status.maintenance_zone is not None
        or (is_whole(status) and not told)
    )


def is_whole(status: Status) -> bool:
    """Whether the wanted processes are in, and no other."""
    return {process.address for process in status.processes} == {*PROCESSES}


run(main)
