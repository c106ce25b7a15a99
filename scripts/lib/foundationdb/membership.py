"""Processes that leave the cluster, and such that come back: the database's own list of who gets no data."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet

from lib.console import Failed, log
from lib.foundationdb import fdbcli
from lib.foundationdb.status import COPIES, Status, not_replicated, not_up, still_holding

WaitUntil = Callable[[str, Callable[[Status], list[str]]], Status]


def take_back(wanted: Mapping[str, str]) -> None:
    """Lift the exclusion of what is wanted: an address that was taken out once would get no data for ever.

    An exclusion is lifted in the words it was made in: that of a whole host stands when one of its ports is included.
    """
    hosts = {address.rsplit(":", 1)[0] for address in wanted}
    back = sorted({*wanted, *hosts} & set(fdbcli.status().excluded_servers))
    if back:
        log(f"taken in again: {' '.join(back)}")
        fdbcli.command(f"include {' '.join(back)}", 60)


def forget(wanted: Mapping[str, str]) -> None:
    """Lift exclusions of what is neither wanted nor in any more: whoever gets the address next would get no data."""
    status = fdbcli.status()
    there = {name for process in status.processes for name in (process.address, process.address.rsplit(":", 1)[0])}
    left = sorted({*status.excluded_servers} - there - {*wanted})
    if left:
        log(f"the exclusion of {' '.join(left)} is lifted: nothing is there any more")
        fdbcli.command(f"include {' '.join(left)}", 60)


def others(status: Status, wanted: Mapping[str, str]) -> frozenset[str]:
    """The processes that are in the cluster and not wanted."""
    return frozenset(process.address for process in status.processes) - set(wanted)


def leaving(wanted: Mapping[str, str], mode: str) -> frozenset[str]:
    """The processes that are not wanted any more; all that are wanted must be in already.

    FoundationDB does not look whether the rest could hold the data: an exclusion that is not safe hangs.

    Args:
        wanted: address -> zone.
        mode: the redundancy mode that the rest will have.

    Raises:
        Failed: the others could not hold the data now. Nothing was changed.
    """
    status = fdbcli.status()
    gone = others(status, wanted)
    if not gone:
        return gone
    zones = {process.zone for process in status.processes if process.address in wanted and not process.excluded}
    reasons = not_up(status) + not_replicated(status)
    if len(zones) < COPIES[mode]:
        reasons.append(f"the others stand in {len(zones)} zones, {mode} redundancy needs {COPIES[mode]}")
    if reasons:
        raise Failed(
            f"{', '.join(sorted(gone))} cannot be taken out now: {'; '.join(reasons)}",
            "put the nodes back into the stack file, mend what is named, then take them out",
        )
    log(f"taking out {' '.join(sorted(gone))}")
    return gone


def take_out(gone: AbstractSet[str], wait_until: WaitUntil) -> None:
    """Move all data off processes that are no coordinators any more; what is on them afterwards is nobody's.

    Raises:
        Failed: the data did not leave in time, or the database does not confirm it.
    """
    if not gone:
        return
    addresses = " ".join(sorted(gone))
    fdbcli.command(f"exclude no_wait {addresses}", 60)
    wait_until(f"all data to leave {addresses}", lambda status: still_holding(status, gone))
    # The exit code of this one can be trusted: it ends only when servers and logs of all generations are empty.
    code, said = fdbcli.command(f"exclude {addresses}", 120)
    if code:
        raise Failed(
            f"the database does not confirm that {addresses} can go: {said[-300:]}", "run the same command again"
        )
