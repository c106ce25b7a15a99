"""When a node may be taken down on purpose, and when it counts as back."""

import socket
from collections.abc import Mapping

from lib.foundationdb.status import Status, not_calm, not_replicated, not_tolerant, not_up
from lib.turn.cluster import Cluster

_GREETING_SECONDS = 3


def against_going(status: Status, cluster: Cluster, node: str) -> list[str]:
    """Why this node may not go down now; empty when it may.

    Where no zone may fail even in full health, the service stops for a while whatever is done: then all data must have
    all their copies, and that is all that can be asked.
    """
    reasons = not_calm(status)
    if cluster.tolerance > 0:
        reasons += not_tolerant(status, 1)
    else:
        reasons += not_replicated(status)
    if status.maintenance_zone and status.maintenance_zone != cluster.nodes[node].zone:
        reasons.append(f"zone {status.maintenance_zone} is under maintenance")
    if status.locked:
        reasons.append("the database is locked")
    reasons += [f"{process.address} is excluded" for process in status.processes if process.excluded]
    return reasons + [
        f"the mail server on {name} does not greet"
        for name, trouble in silent_mail_nodes(cluster.other_mail_nodes(node)).items()
        if trouble
    ]


def against_coming_back(status: Status, cluster: Cluster, node: str, release: str) -> list[str]:
    """Why this node's database process does not count as back; empty when it does.

    Args:
        release: that it must run; empty: whichever it does.
    """
    address = cluster.nodes[node].address
    here = [process for process in status.processes if process.address.rsplit(":", 1)[0] == address]
    reasons = [] if here else [f"the database process on {node} is not in"]
    reasons += [
        f"the database process on {node} runs release {process.version}, not {release}"
        for process in here
        if release and process.version.split("-")[0] != release
    ]
    return reasons + (not_tolerant(status, 1) if cluster.tolerance > 0 else not_up(status))


def silent_mail_nodes(addresses: Mapping[str, str]) -> dict[str, str]:
    """Name -> why the mail server there does not greet; empty text where it does."""
    return {name: _silence(address) for name, address in addresses.items()}


def _silence(address: str) -> str:
    try:
        with socket.create_connection((address, 25), _GREETING_SECONDS) as connection:
            connection.settimeout(_GREETING_SECONDS)
            return "" if connection.recv(4).startswith(b"220") else "it says something else"
    except OSError as error:
        return str(error)
