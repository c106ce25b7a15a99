"""Before a node gets another machine: its part of the database moves to the others."""

from collections.abc import Callable, Iterable

import pulumi
from pulumi_command import local

from components.remote import ssh
from components.remote.host import Host
from components.remote.script import script
from components.remote.step import only_once, run_local
from components.topology import Node

BareHost = Callable[[Node], Host]
"""A host by its address and keys, without waiting for its machine."""


def leave(name: str, node: Node, nodes: Iterable[Node], bare: BareHost, parent: pulumi.Resource) -> list[local.Command]:
    """The step after which the machine of a node may be replaced; none as long as the node has its first.

    Asked of another node, so that it does not matter whether this one still lives. A step of its own for every machine,
    run once: the number is in its name.
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


def _known_nodes(stack: str) -> frozenset[str]:
    """The nodes that this very stack had when it was last up: in a new stack a node's third machine is its first.

    Asked of the engine without a resource: a reference of a stack to itself leaves a state that cannot be read again.
    """
    found = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": stack}).value or {}
    return frozenset((found.get("outputs") or {}).get("nodes") or {})


def _had_one(node: Node) -> bool:
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    return node.name in _known_nodes(stack)
