"""Create the database once, with all processes present; set redundancy and coordinators; let processes that are not
wanted any more leave with no data on them; wait until it is as wanted.

Runs on one node, after every node has installed. `configure new` wipes whatever an unconfigured cluster finds, so it
is given only when no node was ever part of a created database, and a mark on this host says that it never was either.

What was changed by hand is set back, except what cannot be: then it says so before anything is changed.
"""

import json
from contextlib import nullcontext
from os import environ
from pathlib import Path

from lib.console import Failed, log, run, wait_for
from lib.foundationdb import fdbcli
from lib.foundationdb.coordinators import set_coordinators
from lib.foundationdb.listening import silent
from lib.foundationdb.membership import forget, leaving, others, take_back, take_out
from lib.foundationdb.refusals import refuse
from lib.foundationdb.settled import end_maintenance, set_redundancy
from lib.foundationdb.status import not_matching, not_told, not_tolerant, not_up
from lib.foundationdb.waiting import MOVING_SECONDS, PATIENCE_SECONDS, wait_until
from lib.turn.turn import claimed

NODE = environ["NODE"]
REDUNDANCY = environ["REDUNDANCY"]
ENGINE = environ["ENGINE"]
COORDINATORS = sorted(environ["COORDINATORS"].split())
PROCESSES = dict(item.split("=", 1) for item in environ["PROCESSES"].split())
STATES = environ["STATES"].split()
FDB_VERSION = environ["FDB_VERSION"]
TOLERANCE = int(environ["TOLERANCE"])
ALLOW = frozenset(environ["ALLOW"].split())

CREATED = Path("/var/lib/stalwart-cluster/foundationdb.created")
DATA = Path("/var/lib/foundationdb/data")


def main() -> None:
    wait_for(PATIENCE_SECONDS, "every database process to listen", lambda: not silent(PROCESSES))
    if not CREATED.exists():
        create()
    status = wait_until("the database to be available", lambda now: not_up(now) or not_told(now))
    refuse(status, PROCESSES, redundancy=REDUNDANCY, engine=ENGINE, allow=ALLOW)
    # A database that was just made has one user; on one that serves, nobody may take a node down meanwhile.
    with claimed("change who is in the database") if "member" in STATES else nullcontext():
        reconcile()
    print(fdbcli.connection_string())


def reconcile() -> None:
    """Bring the members, the mode and the coordinators to what is wanted."""
    take_back(PROCESSES)
    wait_until(
        "every process to be in",
        lambda status: not_matching(status, PROCESSES, FDB_VERSION, others(status, PROCESSES)),
    )
    # Whoever has a turn has the claim that is held here.
    end_maintenance()
    gone = leaving(PROCESSES, REDUNDANCY)
    set_redundancy(REDUNDANCY)
    set_coordinators(COORDINATORS)
    take_out(gone, lambda condition, reasons: wait_until(condition, reasons, MOVING_SECONDS))
    # A process that is new gets its copies first, which takes as long as there is data.
    wait_until(
        f"a fault tolerance of {TOLERANCE}",
        lambda status: not_matching(status, PROCESSES, FDB_VERSION, gone) + not_tolerant(status, TOLERANCE),
        MOVING_SECONDS,
    )
    forget(PROCESSES)
    wait_for(
        PATIENCE_SECONDS,
        "this host's cluster file to name the coordinators",
        lambda: coordinators_here() == COORDINATORS,
    )


def create() -> None:
    members = STATES.count("member")
    if members or any(DATA.glob("*/storage-*")) or any(DATA.glob("*/log2-*")):
        # The database exists: this host is new to it, or an earlier run ended between creating and marking.
        log("a database exists already; it is not created again")
    else:
        log(f"creating the database: {REDUNDANCY}, {ENGINE}")
        code, said = fdbcli.command(f"configure new {REDUNDANCY} {ENGINE}", 60)
        if "Database created" not in said and "already exists" not in said:
            raise Failed(
                f"the database could not be created: {said or code}",
                "are all nodes reachable from each other on port 4500? Then run the same command again",
            )
    CREATED.parent.mkdir(parents=True, exist_ok=True)
    CREATED.write_text(json.dumps({"description": fdbcli.connection_string().split(":")[0]}) + "\n")


def coordinators_here() -> list[str]:
    return sorted(fdbcli.connection_string().rsplit("@", 1)[1].split(","))


run(main)
