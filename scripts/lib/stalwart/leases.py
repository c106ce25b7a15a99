"""The leases of the mail servers on their node ids, as the servers keep them in the database.

A server that starts takes the first lease that bears its own host name or that was not renewed for an hour, and keeps
the host name that it finds there. So one that meets the old lease of another node before its own becomes that node,
and the other, when it starts, becomes it too: two servers under one id. Source: crates/store/src/build/registry.rs of
Stalwart 0.16.
"""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lib.foundationdb import fdbcli, pairs

# The subspace of primary keys, then the number that no kind of object has; the node id follows.
_PREFIX = b"g\xff\xff\xff\xff"
_KEY, _SINCE = struct.Struct(">H"), struct.Struct(">Q")

STALE_SECONDS = 3600
# A start may take minutes between our look and the server's.
_MARGIN_SECONDS = 600

# As long as the server itself waits for the database before it gives up and is started again.
_PATIENCE_SECONDS = 20


@dataclass(frozen=True)
class Lease:
    """Who has an id, renewed when, in seconds of the epoch."""

    node_id: int
    hostname: str
    renewed: int


@dataclass(frozen=True)
class Repair:
    """What makes a server take the lease that is its own."""

    renew: Mapping[int, str] = field(default_factory=dict)
    """Id -> host name, of leases that are kept for their owners."""

    drop: tuple[int, ...] = ()


def read(cluster_file: str = fdbcli.CLUSTER_FILE) -> list[Lease]:
    """All leases, by their ids.

    Raises:
        Failed: the database cannot be read.
    """
    return parse(pairs.read(_PREFIX, _PREFIX + b"\xff\xff\xff", cluster_file=cluster_file, patience=_PATIENCE_SECONDS))


def parse(found: Mapping[bytes, bytes]) -> list[Lease]:
    """The leases among some pairs; what has another shape is left out."""
    leases = [
        Lease(
            _KEY.unpack(key.removeprefix(_PREFIX))[0],
            value[_SINCE.size :].decode(errors="replace"),
            _SINCE.unpack(value[: _SINCE.size])[0],
        )
        for key, value in found.items()
        if len(key) == len(_PREFIX) + _KEY.size and key.startswith(_PREFIX) and len(value) > _SINCE.size
    ]
    return sorted(leases, key=lambda lease: lease.node_id)


def repair(leases: Iterable[Lease], hostname: str, members: Iterable[str], now: int) -> Repair:
    """What to do so that a server of this host name finds no lease to take but its own, or none.

    The old lease of another member is kept for it, under its own name: it takes it up when it starts. Of two under one
    name, and of a node that is no member any more, the old one goes, as the server itself lets them go after a day.
    """
    members = frozenset(members)
    renew, drop = {}, []
    newest = {lease.hostname: lease for lease in sorted(leases, key=lambda lease: lease.renewed)}
    for lease in leases:
        is_newest = newest[lease.hostname] is lease
        is_own = lease.hostname == hostname and is_newest
        if is_own or now - lease.renewed < STALE_SECONDS - _MARGIN_SECONDS:
            continue
        if lease.hostname in members and is_newest:
            renew[lease.node_id] = lease.hostname
        else:
            drop.append(lease.node_id)
    return Repair(renew, tuple(drop))


def write(change: Repair, now: int, cluster_file: str = fdbcli.CLUSTER_FILE) -> None:
    """Put a repair into the database.

    Raises:
        Failed: the database does not take it.
    """
    sets = {_key(node_id): _SINCE.pack(now) + hostname.encode() for node_id, hostname in change.renew.items()}
    pairs.change(sets, map(_key, change.drop), cluster_file=cluster_file, patience=_PATIENCE_SECONDS)


def _key(node_id: int) -> bytes:
    return _PREFIX + _KEY.pack(node_id)
