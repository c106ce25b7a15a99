"""What differs in the database, as a node sees it that reaches it."""

from collections.abc import Iterator, Mapping
from typing import Any

from tools.status.differences.difference import MEND, Difference, Subject
from tools.status.exported import Wanted
from tools.status.look import View

Database = Mapping[str, Any]


def database_of(view: View) -> Database | None:
    """The database as one node sees it: one for which it is available, if there is one."""
    views: list[Database] = [seen.found["database"] for seen in view.nodes if seen.found and seen.found["database"]]
    return next((one for one in views if one["available"]), views[0] if views else None)


def differences(view: View) -> Iterator[Difference]:
    """What differs from the stack, and what the database complains of."""
    here, want = database_of(view), view.wanted
    if here is None:
        yield Difference(Subject.DATABASE, "no node can say how the database is", "see the nodes above")
        return
    if not here["available"]:
        yield Difference(Subject.DATABASE, "the database is not available", "start the nodes that are missing")
    yield from _tolerance(here, want)
    yield from _configuration(here, want)
    yield from _coordinators(here, want)
    if want.processes and here["processes"]:
        yield from _processes(here, want)
    yield from _exclusions(here, want)
    yield from _holds(here)
    for message in here["messages"]:
        yield Difference(Subject.DATABASE, f"the database says: {message}", "docs/operations.md")


def _tolerance(here: Database, want: Wanted) -> Iterator[Difference]:
    for what, told in (("data", "data"), ("availability", "service")):
        figure = here[f"zone_failures_without_losing_{what}"]
        if want.tolerance is not None and (figure is None or figure < want.tolerance):
            shown = "unknown" if figure is None else figure
            text = f"{shown} zones may fail without losing {told}, {want.tolerance} are wanted"
            yield Difference(Subject.TOLERANCE, text, "what is missing is named here too")


def _configuration(here: Database, want: Wanted) -> Iterator[Difference]:
    mode, engine = here["redundancy_mode"], here["storage_engine"]
    if want.redundancy and mode and mode != want.redundancy:
        text = f"the redundancy mode is {mode}, the stack wants {want.redundancy}"
        single = "not without single_copy in stalwart-cluster:allow: it leaves one copy of all data"
        yield Difference(Subject.REDUNDANCY, text, single if want.redundancy == "single" else MEND)
    if want.engine and engine and engine != want.engine:
        text = f"the storage engine is {engine}, the stack wants {want.engine}"
        yield Difference(Subject.ENGINE, text, f"not touched: set database.engine to {engine}")


def _coordinators(here: Database, want: Wanted) -> Iterator[Difference]:
    coordinators: Mapping[str, bool] = here["coordinators"]
    for address, reached in coordinators.items():
        if not reached:
            yield Difference(Subject.COORDINATORS, f"coordinator {address} is out of reach", "start its node")
    if want.coordinators and coordinators and tuple(sorted(coordinators)) != want.coordinators:
        text = f"the coordinators are {' '.join(sorted(coordinators))}, the stack wants {' '.join(want.coordinators)}"
        yield Difference(Subject.COORDINATORS, text, MEND)


def _processes(here: Database, want: Wanted) -> Iterator[Difference]:
    processes = {process["address"]: process for process in here["processes"]}
    for address in sorted(set(want.processes) - set(processes)):
        yield Difference(Subject.PROCESS, f"the database process {address} is missing", "start its node; make mend")
    for address in sorted(set(processes) - set(want.processes)):
        text = f"the database process {address} belongs to no node of the stack"
        remedy = "make mend moves all data off it; before that, add its node to the stack file if it is one"
        yield Difference(Subject.PROCESS, text, remedy)
    for address, process in processes.items():
        zone = want.processes.get(address, process["zone"])
        # Neither zone nor release of a process that has just started is known yet.
        if process["zone"] not in {"", zone}:
            text = f"the database process {address} stands in zone {process['zone']}, the stack wants {zone}"
            yield Difference(Subject.ZONE, text, f"not touched: set the node's zone to {process['zone']}")
        running = process["version"].split("-")[0]
        if address in want.processes and want.foundationdb and running not in {"", want.foundationdb}:
            text = f"the database process {address} runs release {running}, the stack wants {want.foundationdb}"
            yield Difference(Subject.RELEASE, text, MEND)


def _exclusions(here: Database, want: Wanted) -> Iterator[Difference]:
    """An exclusion may name a process or a whole host."""
    ours = {*want.processes, *(address.rsplit(":", 1)[0] for address in want.processes)}
    excluded = {process["address"] for process in here["processes"] if process["excluded"]} & ours
    for address in sorted(excluded | set(here["excluded_servers"])):
        if address in ours:
            text = f"{address} is excluded: the database gives it no data"
            yield Difference(Subject.EXCLUSION, text, MEND)
        else:
            text = f"{address} is excluded and belongs to no node of the stack"
            yield Difference(Subject.EXCLUSION, text, "as it is left when a node was taken out", grave=False)


def _holds(here: Database) -> Iterator[Difference]:
    if zone := here["maintenance_zone"]:
        text = f"zone {zone} is under maintenance: copies that it misses are not made anew"
        yield Difference(Subject.MAINTENANCE, text, MEND)
    if here["locked"]:
        remedy = "not touched: a restore or a person did it; fdbcli --exec 'unlock UID' ends it"
        yield Difference(Subject.LOCK, "the database is locked: no mail can be written", remedy)
