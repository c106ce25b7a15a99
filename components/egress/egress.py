"""Nodes that do not send have their mail carried by those that do, connection by connection.

The queue is one for the whole cluster, and whichever node locks a mail first sends it (try_lock_event in
crates/smtp/src/queue/spool.rs of Stalwart 0.16.19), so no setting of the mail server keeps mail to some nodes: its role
for that stops a node after 1,024 mails, and a mail handed to another node's server lies in the same queue again. Here a
node sends as before, and only its connections take another way: of the mail server, a mail, or TLS nothing is touched.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.remote.host import Host
from components.remote.step import run_script
from components.topology import Plan


@dataclass(frozen=True, kw_only=True)
class EgressArgs:
    """Which nodes send follows from the plan."""

    plan: Plan
    hosts: Mapping[str, Host]


class Egress(pulumi.ComponentResource):
    """The ways out; where every node sends there is nothing of it.

    What goes, goes at the end of a run: a node that begins to send does it itself only when the records say so.
    """

    hosts: Mapping[str, Host]
    """The same hosts; those that do not send begin nothing more before their mail takes the other way."""

    def __init__(self, name: str, args: EgressArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stalwart-cluster:egress:Egress", name, None, opts)
        plan = args.plan
        quiet = [node for node in plan.mail_nodes if not node.sends]
        gateways = [
            run_script(
                f"{name}-gateway-{node.name}",
                args.hosts[node.name],
                "egress/gateway.sh",
                {"ADDRESS": node.address, "NODES": " ".join(one.address for one in plan.nodes)},
                parent=self,
                removable=True,
            )
            for node in plan.sending_nodes
            if quiet
        ]
        ways = {
            node.name: run_script(
                f"{name}-redirect-{node.name}",
                args.hosts[node.name],
                "egress/redirect.sh",
                {"GATEWAYS": " ".join(one.address for one in plan.sending_nodes)},
                parent=self,
                after=gateways,
                removable=True,
            )
            for node in quiet
        }
        self.hosts = {node: host.once([ways[node]]) if node in ways else host for node, host in args.hosts.items()}
        self.register_outputs({"quiet": [node.name for node in quiet]})
