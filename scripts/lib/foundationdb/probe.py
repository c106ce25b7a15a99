"""A write and a read through this host's own database client, timed."""

import time
from dataclasses import dataclass
from statistics import median
from typing import Any

from lib.console import Failed, log
from lib.foundationdb import fdbcli
from lib.foundationdb.binding import Unusable, load

ROUNDS = 5
TIMEOUT_MS = 15000


@dataclass(frozen=True)
class Latency:
    """Milliseconds; `by` names the client that measured, because fdbcli's figures hold a process start."""

    by: str
    commit_median: float
    commit_max: float
    read_median: float


def probe(node: str, packed: str) -> Latency:
    """Commit and read back a key of this node's own, and remove it.

    Raises:
        Failed: the database did not take the write or gave back something else.
    """
    try:
        fdb = load(packed)
    except Unusable as reason:
        log(f"note: probing with fdbcli, because the Python binding cannot be used: {reason}")
        return _with_cli(node)
    return _with_binding(fdb, node)


def _key(node: str) -> bytes:
    # Outside every key the mail server uses: its own begin with one byte below 0x80.
    return b"\xfe/stalwart-cluster/probe/" + node.encode()


def _with_binding(fdb: Any, node: str) -> Latency:  # noqa: ANN401  # a module without type information
    database = fdb.open(fdbcli.CLUSTER_FILE)
    database.options.set_transaction_timeout(TIMEOUT_MS)
    key, commits, reads = _key(node), [], []
    try:
        for number in range(ROUNDS):
            value = f"{number} {time.time_ns()}".encode()
            start = time.monotonic()
            database[key] = value
            written = time.monotonic()
            found = bytes(database[key])
            commits.append(1000 * (written - start))
            reads.append(1000 * (time.monotonic() - written))
            if found != value:
                raise Failed("the database gave back another value than was written")
        del database[key]
    except fdb.FDBError as error:
        raise Failed(f"the database did not answer through {node}: {error.description.decode()}") from None
    return Latency("binding", round(median(commits), 1), round(max(commits), 1), round(median(reads), 1))


def _with_cli(node: str) -> Latency:
    key, value = f"\\xfe/stalwart-cluster/probe/{node}", str(time.time_ns())
    start = time.monotonic()
    _, said = fdbcli.command(f"writemode on; set {key} {value}; get {key}; clear {key}", 15)
    milliseconds = round(1000 * (time.monotonic() - start), 1)
    if f"`{value}'" not in said:
        raise Failed(f"the database did not take a write through {node}: {said[-300:]}")
    return Latency("fdbcli", milliseconds, milliseconds, milliseconds)
