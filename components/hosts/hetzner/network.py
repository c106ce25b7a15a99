"""The private network: where the database, the coordinator and the balancer meet the nodes."""

from dataclasses import dataclass

import pulumi
import pulumi_hcloud as hcloud

from components.hosts.hetzner.firewall import rules
from components.hosts.hetzner.identity import Identity
from components.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Net:
    """What a server is plugged into."""

    network: hcloud.Network
    subnet: hcloud.NetworkSubnet
    firewall: hcloud.Firewall


def make_net(name: str, settings: Settings, identity: Identity, options: pulumi.ResourceOptions) -> Net:
    """Network, subnet and firewall of the stack."""
    hetzner = settings.hetzner
    network = hcloud.Network(
        f"{name}-network",
        name=identity.name,
        ip_range=str(hetzner.network),
        delete_protection=hetzner.protection,
        labels=identity.labels,
        opts=options,
    )
    subnet = hcloud.NetworkSubnet(
        f"{name}-subnet",
        network_id=network.id.apply(int),
        type="cloud",
        network_zone=hetzner.locations[0].network_zone,
        ip_range=str(hetzner.subnet),
        opts=options,
    )
    firewall = hcloud.Firewall(
        f"{name}-firewall",
        name=identity.name,
        labels=identity.labels,
        rules=[
            hcloud.FirewallRuleArgs(
                description=rule.what,
                direction="in",
                protocol=rule.protocol,
                port=None if rule.port is None else str(rule.port),
                source_ips=list(rule.sources),
            )
            for rule in rules(settings)
        ],
        opts=options,
    )
    return Net(network=network, subnet=subnet, firewall=firewall)
