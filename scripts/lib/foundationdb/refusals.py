"""What is not changed in a database that exists: said in a sentence each, all together, before anything is touched."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

from lib.console import Failed
from lib.foundationdb.status import COPIES, Status


def refuse(
    status: Status, processes: Mapping[str, str], *, redundancy: str, engine: str, allow: AbstractSet[str]
) -> None:
    """Refuse what cannot be undone or cannot be done.

    Args:
        status: of a database that is available.
        processes: address -> zone of every wanted process.
        redundancy: the wanted redundancy mode.
        engine: the wanted storage engine.
        allow: the permissions of the stack file.

    Raises:
        Failed: with every reason and what to do about each.
    """
    found = [*_engine(status, engine), *_zones(status, processes), *_lock(status)]
    found += _single_copy(status, redundancy, allow)
    if found:
        raise Failed("; ".join(problem for problem, _ in found), "; ".join(remedy for _, remedy in found))


def _engine(status: Status, engine: str) -> Iterator[tuple[str, str]]:
    # Unknown in a status that came too early; it is asked for again before anything depends on it.
    if status.storage_engine not in {None, engine}:
        yield (
            f"the database was created with the engine {status.storage_engine} and the stack file wants {engine}",
            f"an engine is not changed here: set database.engine back to {status.storage_engine}",
        )


def _zones(status: Status, processes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Copies are placed by zone: where processes change theirs, all copies of something may be taken for one."""
    for process in status.processes:
        address, here = process.address, process.zone
        wanted = processes.get(address, here)
        # Of a process that has just started the status does not know the zone yet.
        if here not in {"", wanted}:
            yield (
                f"the database process {address} stands in zone {here} and the stack file wants {wanted}",
                f"a member is not moved to another zone: set the node's zone to {here}",
            )


def _lock(status: Status) -> Iterator[tuple[str, str]]:
    if status.locked:
        yield (
            "the database is locked, so no mail can be written; a restore or a person did that",
            "wait for its end, or on a node: fdbcli --exec 'unlock UID'; 'status json' has it in database_lock_state",
        )


def _single_copy(status: Status, redundancy: str, allow: AbstractSet[str]) -> Iterator[tuple[str, str]]:
    here = status.redundancy_mode
    if redundancy == "single" and COPIES.get(str(here), 1) > 1 and "single_copy" not in allow:
        yield (
            f"the redundancy mode would go from {here} to single: with the next disk that fails, mail is lost",
            "put the nodes back into the stack file; or, if it is meant, add single_copy to stalwart-cluster:allow",
        )
