"""Hosts on this machine: systemd-nspawn machines that the stack makes and removes."""

from dataclasses import replace

import pulumi
import pulumi_tls as tls
from pulumi_command import remote

from components.dns.names import Address
from components.hosts.leave import leave
from components.remote.host import Host
from components.remote.step import another_machine, run_local
from components.settings import LabSettings
from components.topology import Node, Plan


class LabHosts(pulumi.ComponentResource):
    """A network and one host per node. Host keys are made here and pinned from the first connection on."""

    hosts: dict[str, Host]

    def __init__(self, name: str, plan: Plan, lab: LabSettings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stalwart-cluster:hosts:LabHosts", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        common = {
            "LAB": f"{pulumi.get_project()}-{pulumi.get_stack()}",
            "LAB_NETWORK": str(lab.network),
            "LAB_DEBIAN": str(lab.debian),
        }
        key = tls.PrivateKey(f"{name}-key", algorithm="ED25519", opts=child)
        # Making the base tree downloads a few hundred packages the first time.
        network = run_local(f"{name}-network", "lab/network.sh", common, parent=self, removable=True, timeout="30m")

        own = {
            node.name: tls.PrivateKey(f"{name}-host-key-{node.name}", algorithm="ED25519", opts=child)
            for node in plan.nodes
        }

        def bare(node: Node, address: pulumi.Input[str] | None = None) -> Host:
            connection = remote.ConnectionArgs(
                host=address or node.address,
                private_key=key.private_key_openssh,
                host_key=own[node.name].public_key_openssh,
            )
            return Host(node=node, connection=connection, public=(Address(type="A", value=node.address),))

        def host(node: Node) -> Host:
            machine = run_local(
                f"{name}-host-{node.name}",
                "lab/host.sh",
                common
                | {
                    "NODE": node.name,
                    "LAB_ADDRESS": node.address,
                    "LAB_AUTHORIZED_KEY": key.public_key_openssh,
                    "LAB_HOST_KEY": own[node.name].private_key_openssh,
                },
                parent=self,
                after=[network, *leave(name, node, plan.nodes, bare, self)],
                removable=True,
                opts=another_machine(node.machine),
            )
            made = bare(node, machine.id.apply(lambda _: node.address))
            return replace(made, identity=machine.id)

        self.hosts = {node.name: host(node) for node in plan.nodes}
        self.register_outputs({"network": str(lab.network)})
