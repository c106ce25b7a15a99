"""Before a node gets another machine: its part of the database moves to the others."""

from collections.abc import Callable, Iterable

import pulumi
from pulumi_command import local

from components.before import exported
from components.remote import ssh
from components.remote.host import Host
from components.remote.script import script
from components.remote.step import only_once, run_local
from components.topology import Node

BareHost = Callable[[Node], Host]
"""A host by its address and keys, without waiting for its machine."""


def leave(
    name: str, node: Node, nodes: Iterable[Node], bare: BareHost, parent: pulumi.Resource, kept: str = ""
) -> list[local.Command]:
    """The step after which the machine of a node may be replaced; none as long as the node has its first.

    Asked of another node, so that it does not matter whether this one still lives. A step of its own for every machine,
    run once: the number is in its name.

    Args:
        bare: makes the other hosts, without their machines.
        kept: why no machine may go, before anything leaves it; empty: it may.
    """
    if node.machine == 1:
        return []
    others = tuple(bare(other) for other in nodes if other != node)
    reach = ssh.to_hosts(others) if others else {"SSH_PRIVATE_KEY": "", "SSH_BASTION": "", "SSH_BASTION_HOST_KEY": ""}
    asked = script("foundationdb/leave.py")
    return [
        run_local(
            f"{name}-leave-{node.name}-{node.machine}",
            "local/leave.sh",
            {
                "TARGETS": "",
                **reach,
                "NODE": node.name,
                "KEPT": kept,
                "HAD_ONE": "yes" if _had_one(node) else "",
                "LEAVE": asked.payload(
                    {"NODE": node.name, "LEAVER": node.name, "ADDRESS": node.database_address}, alone=True
                ),
            },
            parent=parent,
            # Who the others are is of no interest once it has left.
            opts=only_once(),
            timeout="30m",
        )
    ]


def _had_one(node: Node) -> bool:
    """Whether this stack had the node when it was last up: in a new stack a node's third machine is its first."""
    return node.name in exported().get("nodes", {})
