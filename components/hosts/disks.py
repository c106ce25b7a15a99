"""Encrypted disks: a key for each, and the other nodes, who open it at a boot when nobody is there."""

from collections.abc import Mapping

import pulumi
import pulumi_random as random
from pulumi_command import remote

from components.remote.host import Host
from components.remote.step import facts, run_script
from components.topology import Node, Plan

# Where a node answers for the disks of others, on its private address.
TANG_PORT = 7500

# Of letters and digits only, so that it can be typed at a console: 285 bits.
_KEY_LENGTH = 48


def _thumbprint(told: Mapping[str, str]) -> str:
    """Empty where a host was prepared before disks were encrypted; a preview may see that."""
    return told.get("thumbprint", "")


class Disks:
    """The disks of a plan's nodes; nothing is made where none is encrypted."""

    keys: dict[str, pulumi.Output[str]]
    """Node -> the key of its disk, secret; with it a person opens the disk when the other nodes are gone."""

    def __init__(self, name: str, plan: Plan, parent: pulumi.Resource) -> None:
        self._name, self._plan, self._parent = name, plan, parent
        self.keys = {
            node.name: random.RandomPassword(
                f"{name}-disk-key-{node.name}",
                length=_KEY_LENGTH,
                special=False,
                opts=pulumi.ResourceOptions(parent=parent),
            ).result
            for node in plan.nodes
            if node.encrypted
        }

    def values(self, node: Node) -> dict[str, pulumi.Input[str]]:
        """What the preparing of a host has to know."""
        return {"DISK_KEY": self.keys.get(node.name, ""), "TANG_PORT": str(TANG_PORT) if self.keys else ""}

    def opened_by_others(self, host: Host, prepared: Mapping[str, remote.Command]) -> list[pulumi.Resource]:
        """The step that gives the other nodes their parts of a disk's key.

        They are known by the thumbprints that they tell over SSH when they are prepared, so no other answers for one.
        """
        if host.name not in self.keys:
            return []
        others = [node for node in self._plan.nodes if node.name != host.name]
        thumbprints = pulumi.Output.all(*(facts(prepared[node.name]).apply(_thumbprint) for node in others))
        step = run_script(
            f"{self._name}-unlock-{host.name}",
            host,
            "host/unlock.sh",
            {
                "DEVICE": host.device,
                "DISK_KEY": self.keys[host.name],
                "SHARES": thumbprints.apply(
                    lambda found: "\n".join(
                        f"{node.address} {thumbprint}" for node, thumbprint in zip(others, found, strict=True)
                    )
                ),
                "THRESHOLD": str(self._plan.openers),
                "TANG_PORT": str(TANG_PORT),
            },
            parent=self._parent,
            after=[prepared[host.name]],
        )
        return [step]
