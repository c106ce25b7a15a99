"""Take the database over to another line in one short window: all processes restart at once, from the programs that lie
beside on every node. It cannot be undone.

Where all processes are of that line already, nothing is done; where a run ended in the middle, this one goes on.
"""

import json
import time
from os import environ
from pathlib import Path

from lib.console import Failed, log, run, wait_for
from lib.foundationdb import fdbcli
from lib.foundationdb.lines import against_going_over, line_of, not_over
from lib.foundationdb.status import not_tolerant, not_up
from lib.foundationdb.waiting import MOVING_SECONDS, wait_until
from lib.status.units import release_of
from lib.turn.turn import claimed

PROCESSES = dict(item.split("=", 1) for item in environ["PROCESSES"].split())
STATES = environ["STATES"].split()
FDB_VERSION = environ["FDB_VERSION"]
TOLERANCE = int(environ["TOLERANCE"])

LINE = line_of(FDB_VERSION)
FORMER_CLI = "/usr/bin/fdbcli"
CLI = f"/usr/local/lib/stalwart-cluster/foundationdb-{FDB_VERSION}/usr/bin/fdbcli"

ANSWER_SECONDS = 15
GATE_SECONDS = 300
# The monitors start at once what ends with exit code 0; the rest is a recovery. A slow machine gets time.
IN_SECONDS = 300


def main() -> None:
    seconds = None
    # The package follows when all processes have gone over.
    if "staged" in STATES and line_of(release_of("foundationdb-server")) != LINE:
        wait_for(GATE_SECONDS, f"the database to answer in its line or in {LINE}", answers, pause=1)
        seconds = go_over()
        wait_until(f"a fault tolerance of {TOLERANCE}", lambda now: not_tolerant(now, TOLERANCE), MOVING_SECONDS)
    else:
        log(f"nothing has to go over to FoundationDB {LINE}")
    print(json.dumps({"line": LINE, "seconds": seconds}))


def go_over() -> float:
    """Restart all processes, unless that was done; the seconds until all were in with the new line.

    Raises:
        Failed: nothing was restarted, or not all processes came back; it says which.
    """
    began = time.monotonic()
    with claimed(f"restart all database processes with FoundationDB {FDB_VERSION}"):
        if not answers_in_the_new_line():
            wait_until_whole()
            began = time.monotonic()
            restart_all()
        fdbcli.use(CLI)
        try:
            wait_until(
                f"every process to be in with FoundationDB {LINE}",
                lambda status: not_over(status, PROCESSES, LINE),
                IN_SECONDS,
            )
        except Failed as failure:
            remedy = (
                "where one is missing, see whether it runs (journalctl -u foundationdb) and restart foundationdb there,"
                " then run the same command again: it continues here"
            )
            raise Failed(str(failure), remedy) from None
    seconds = round(time.monotonic() - began, 1)
    log(f"all database processes run FoundationDB {LINE}, {seconds} s after the order")
    return seconds


def wait_until_whole() -> None:
    """Wait until nothing speaks against it.

    Raises:
        Failed: names what does.
    """
    if "fresh" in STATES or not Path(CLI).exists():
        raise Failed(
            f"a node is new, and a cluster that goes over to FoundationDB {LINE} takes none in meanwhile",
            "set release.foundationdb back and bring the node in first; or take it out of the stack file",
        )
    fdbcli.use(FORMER_CLI)
    try:
        wait_until(
            f"the cluster to be whole before it goes over to FoundationDB {LINE}",
            lambda status: against_going_over(status, PROCESSES, TOLERANCE),
            GATE_SECONDS,
        )
    except Failed as failure:
        remedy = "nothing was restarted; mend what is named, then run the same command again"
        raise Failed(str(failure), remedy) from None


def restart_all() -> None:
    """Give the order, which goes to all or to none.

    Raises:
        Failed: it was not taken.
    """
    log(f"restarting all database processes at once, with FoundationDB {FDB_VERSION}")
    # The list is that of the session, and the session has to last until the order has left.
    _, said = fdbcli.command("kill; kill all; sleep 3", 30)
    if "Attempted to kill" not in said:
        raise Failed(f"the database did not take the order: {said[-300:]}", "run the same command again")


def answers() -> bool:
    """Whether the database answers, in one line or in the other; from now on it is asked in that."""
    if answers_in_the_new_line():
        return True
    fdbcli.use(FORMER_CLI)
    return not not_up(fdbcli.status(ANSWER_SECONDS))


def answers_in_the_new_line() -> bool:
    """Whether the database has gone over; a process that did so alone does not make one."""
    if not Path(CLI).exists():
        return False
    fdbcli.use(CLI)
    return not not_up(fdbcli.status(ANSWER_SECONDS))


run(main)
