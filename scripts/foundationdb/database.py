"""Create the database once, with all processes present; set redundancy and coordinators; let processes that are not
wanted any more leave with no data on them; wait until it is as wanted.

Runs on one node, after every node has installed. `configure new` wipes whatever an unconfigured cluster finds, so it
is given only when no node was ever part of a created database, and a mark on this host says that it never was either.
"""

import json
import socket
from collections.abc import Callable
from os import environ
from pathlib import Path

from lib.console import Failed, log, run, wait_for
from lib.foundationdb import fdbcli
from lib.foundationdb.membership import leaving, others, take_back, take_out
from lib.foundationdb.status import Status, not_matching, not_tolerant, not_up

NODE = environ["NODE"]
REDUNDANCY = environ["REDUNDANCY"]
ENGINE = environ["ENGINE"]
COORDINATORS = sorted(environ["COORDINATORS"].split())
PROCESSES = dict(item.split("=", 1) for item in environ["PROCESSES"].split())
STATES = environ["STATES"].split()
FDB_VERSION = environ["FDB_VERSION"]
TOLERANCE = int(environ["TOLERANCE"])

CREATED = Path("/var/lib/stalwart-cluster/foundationdb.created")
DATA = Path("/var/lib/foundationdb/data")

# A recovery takes a few seconds and every command here causes one; a slow machine gets time.
PATIENCE_SECONDS = 120
# Moving begins a minute or two after a recovery, and takes as long as there is data.
MOVING_SECONDS = 900


def main() -> None:
    wait_for(PATIENCE_SECONDS, "every database process to listen", lambda: not silent_processes())
    if not CREATED.exists():
        create()
    wait_until("the database to be available", not_up)
    take_back(PROCESSES)
    wait_until(
        "every process to be in",
        lambda status: not_matching(status, PROCESSES, FDB_VERSION, others(status, PROCESSES)),
    )
    gone = leaving(PROCESSES, REDUNDANCY)
    set_redundancy()
    set_coordinators()
    take_out(gone, lambda condition, reasons: wait_until(condition, reasons, MOVING_SECONDS))
    wait_until(
        f"a fault tolerance of {TOLERANCE}",
        lambda status: not_matching(status, PROCESSES, FDB_VERSION, gone) + not_tolerant(status, TOLERANCE),
    )
    wait_for(
        PATIENCE_SECONDS,
        "this host's cluster file to name the coordinators",
        lambda: coordinators_here() == COORDINATORS,
    )
    print(fdbcli.connection_string())


def silent_processes() -> list[str]:
    """The wanted processes that do not accept a connection."""
    silent = []
    for address in PROCESSES:
        host, port = address.rsplit(":", 1)
        try:
            socket.create_connection((host, int(port)), timeout=2).close()
        except OSError:
            silent.append(address)
    return silent


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


def set_redundancy() -> None:
    # A database that recovers at this moment says nothing of itself, which is not another engine.
    status = wait_until("the database to tell its engine", lambda now: [] if now.storage_engine else ["it tells none"])
    if status.storage_engine != ENGINE:
        raise Failed(
            f"the database was created with the engine {status.storage_engine} and the stack file wants {ENGINE}",
            f"an engine is not changed here: set database.engine back to {status.storage_engine}",
        )
    if status.redundancy_mode != REDUNDANCY:
        log(f"redundancy from {status.redundancy_mode} to {REDUNDANCY}")
        _, said = fdbcli.command(f"configure {REDUNDANCY}", 60)
        wait_until(
            f"redundancy mode {REDUNDANCY}; fdbcli said: {said}",
            lambda now: [] if now.redundancy_mode == REDUNDANCY else [f"it is {now.redundancy_mode}"],
        )


def set_coordinators() -> None:
    status = fdbcli.status()
    if sorted(status.coordinators) == COORDINATORS:
        return
    log(f"coordinators: {' '.join(COORDINATORS)}")
    _, said = fdbcli.command(f"coordinators {' '.join(COORDINATORS)}", 60)
    wait_until(
        f"the coordinators to be set; fdbcli said: {said}",
        lambda now: (
            [] if sorted(now.coordinators) == COORDINATORS else [f"they are {' '.join(sorted(now.coordinators))}"]
        ),
    )


def coordinators_here() -> list[str]:
    return sorted(fdbcli.connection_string().rsplit("@", 1)[1].split(","))


def wait_until(condition: str, reasons: Callable[[Status], list[str]], seconds: float = PATIENCE_SECONDS) -> Status:
    """Poll the status until nothing speaks against the condition; the last reasons stand in the failure."""
    last: list[str] = []

    def check() -> Status | None:
        status = fdbcli.status()
        last[:] = reasons(status)
        return None if last else status

    try:
        return wait_for(seconds, condition, check)
    except Failed as failure:
        raise Failed(f"{failure}: {'; '.join(last)}", failure.remedy) from None


run(main)
