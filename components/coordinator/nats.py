"""A small NATS cluster on private addresses. Without it caches go stale and node ids expire."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_random as random

from components.remote.host import Host
from components.remote.step import run_script
from components.topology import Plan


@dataclass(frozen=True, kw_only=True)
class NatsArgs:
    """Which hosts carry it follows from the plan."""

    plan: Plan
    hosts: Mapping[str, Host]


class Nats(pulumi.ComponentResource):
    """The coordinator. The package comes with the host's preparation, so that apt runs once on each host."""

    password: pulumi.Output[str]
    addresses: tuple[str, ...]
    steps: list[pulumi.Resource]

    def __init__(self, name: str, args: NatsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stalwart-cluster:coordinator:Nats", name, None, opts)
        nodes = args.plan.coordination_nodes
        secret = random.RandomPassword(
            f"{name}-password", length=32, special=False, opts=pulumi.ResourceOptions(parent=self)
        )
        self.password = secret.result
        self.addresses = tuple(node.coordination_address for node in nodes)
        self.steps = [
            run_script(
                f"{name}-install-{node.name}",
                args.hosts[node.name],
                "coordinator/install.sh",
                {
                    "ADDRESS": node.address,
                    "NATS_PEERS": " ".join(peer.address for peer in nodes),
                    "NATS_PASSWORD": self.password,
                },
                parent=self,
            )
            for node in nodes
        ]
        self.register_outputs({"password": self.password})
