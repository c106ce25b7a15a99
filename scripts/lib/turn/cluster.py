"""Who belongs to the cluster, as the program wrote it on every host when it was prepared."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lib.console import Failed

FILE = Path("/etc/stalwart-cluster/cluster.json")


@dataclass(frozen=True)
class Member:
    """One node. `hostname` is its identity in the mail cluster."""

    address: str
    hostname: str
    zone: str
    mail: bool


@dataclass(frozen=True)
class Cluster:
    """All nodes by name, and how many zones may fail when all is well."""

    tolerance: int
    nodes: Mapping[str, Member]

    def other_mail_nodes(self, node: str) -> dict[str, str]:
        """Name -> address of the mail nodes beside this one."""
        return {name: member.address for name, member in self.nodes.items() if member.mail and name != node}


def read(file: Path = FILE) -> Cluster:
    """The cluster as this host knows it.

    Raises:
        Failed: the host was not prepared, or by a release that did not write this yet.
    """
    try:
        document = json.loads(file.read_text())
        nodes = {name: Member(**member) for name, member in document["nodes"].items()}
        return Cluster(int(document["tolerance"]), nodes)
    except (OSError, ValueError, KeyError, TypeError):
        raise Failed(f"{file} is missing or cannot be read", "run `up`: preparing the host writes it") from None
