"""Hosts that the stack makes at Hetzner Cloud."""

import pulumi
import pulumi_hcloud as hcloud
import pulumi_tls as tls

from components.hosts.hetzner.identity import identity
from components.hosts.hetzner.network import Net, make_net
from components.hosts.hetzner.servers import ServerArgs, Servers
from components.remote.host import Host
from components.settings import Settings
from components.topology import Plan


class HetznerHosts(pulumi.ComponentResource):
    """Key, network, firewall, and a server per node. Host keys are made here, pinned from the first connection on."""

    hosts: dict[str, Host]
    net: Net

    def __init__(self, name: str, plan: Plan, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stalwart-cluster:hosts:HetznerHosts", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        who = identity(settings)
        login = tls.PrivateKey(f"{name}-key", algorithm="ED25519", opts=child)
        key = hcloud.SshKey(
            f"{name}-ssh-key", name=who.name, public_key=login.public_key_openssh, labels=who.labels, opts=child
        )
        self.net = make_net(name, settings, who, child)
        args = ServerArgs(settings=settings, identity=who, net=self.net, key=key, login=login, parent=self)
        servers = Servers(name, args, plan.nodes, child)
        self.hosts = {node.name: servers.make(node) for node in plan.nodes}
        self.register_outputs({"network": str(settings.hetzner.network)})
