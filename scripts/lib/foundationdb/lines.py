"""When a database may go over to another line, all processes at once, and when it has."""

from collections.abc import Iterable, Mapping

from lib.foundationdb.status import Status, not_calm, not_replicated, not_tolerant, not_up


def line_of(release: str) -> str:
    """`7.4.6-1` -> `7.4`: only processes and clients of one line can talk to each other."""
    return ".".join(release.split(".")[:2])


def against_going_over(status: Status, processes: Mapping[str, str], tolerance: int) -> list[str]:
    """Why the processes may not all be restarted now; empty when they may.

    Args:
        status: as the former line tells it.
        processes: address -> zone of every wanted process.
        tolerance: zones that may fail when all is well.
    """
    here = {process.address: process for process in status.processes}
    reasons = not_calm(status)
    reasons += [f"{address} is missing" for address in sorted({*processes} - {*here})]
    reasons += [f"{address} belongs to no node of the stack" for address in sorted({*here} - {*processes})]
    reasons += [f"{address} is excluded" for address, process in here.items() if process.excluded]
    if status.maintenance_zone:
        reasons.append(f"zone {status.maintenance_zone} is under maintenance")
    if status.locked:
        reasons.append("the database is locked")
    reasons += not_tolerant(status, tolerance) if tolerance else not_replicated(status)
    return list(dict.fromkeys(reasons))


def not_over(status: Status, processes: Iterable[str], line: str) -> list[str]:
    """Why not all processes are in with the wanted line; empty when they are."""
    here = {process.address: process.version for process in status.processes}
    reasons = not_up(status) + [f"{address} is missing" for address in sorted({*processes} - {*here})]
    return reasons + [f"{address} runs {release}" for address, release in here.items() if line_of(release) != line]
