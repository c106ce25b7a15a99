"""When a node may be taken down on purpose, and when it counts as back."""

import socket
import time
from collections.abc import Mapping

from lib.foundationdb.status import COPIES, Status, not_calm, not_replicated, not_tolerant, not_up
from lib.stalwart import leases
from lib.turn.cluster import Cluster

_GREETING_SECONDS = 3


def against_going(status: Status, cluster: Cluster, node: str) -> list[str]:
    """Why this node may not go down now; empty when it may.

    Where no zone may fail even in full health, the service stops for a while whatever is done: then all data must have
    all their copies, and that is all that can be asked.
    """
    reasons = not_calm(status)
    # While a cluster grows, the database may not have the copies yet that its nodes could give it.
    if cluster.tolerance > 0 and COPIES.get(str(status.redundancy_mode), 1) > 1:
        reasons += not_tolerant(status, 1)
    else:
        reasons += not_replicated(status)
    if status.maintenance_zone and status.maintenance_zone != cluster.nodes[node].zone:
        reasons.append(f"zone {status.maintenance_zone} is under maintenance")
    if status.locked:
        reasons.append("the database is locked")
    # One that leaves for good is excluded until its host goes, and is no member any more.
    members = {member.address for member in cluster.nodes.values()}
    reasons += [
        f"{process.address} is excluded"
        for process in status.processes
        if process.excluded and process.address.rsplit(":", 1)[0] in members
    ]
    silent = [name for name, why in silent_mail_nodes(cluster.other_mail_nodes(node)).items() if why]
    # A newcomer has never served and starts later, maybe only when this node is back.
    served = hostnames_that_served() if silent else frozenset()
    return reasons + [
        f"the mail server on {name} does not greet" for name in silent if cluster.nodes[name].hostname in served
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


def hostnames_that_served() -> frozenset[str]:
    """The host names whose mail server was alive within the last hour: each renews its lease every half of it.

    Raises:
        Failed: the database cannot be read.
    """
    return frozenset(lease.hostname for lease in leases.read() if time.time() - lease.renewed < leases.STALE_SECONDS)


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
