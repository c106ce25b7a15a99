"""A load balancer at Hetzner Cloud: TCP on every mail port, each connection headed by its client's address."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_hcloud as hcloud

from components.dns.names import Address
from components.hosts.hetzner.firewall import mail_ports
from components.hosts.hetzner.identity import identity
from components.hosts.hetzner.network import Net
from components.remote.host import Host
from components.settings import Settings
from components.settings.addresses import balancer_address

PROBE_PORT = 8085

# A node that stops answering is left out after ten seconds.
_INTERVAL_SECONDS, _TIMEOUT_SECONDS, _RETRIES = 5, 4, 2


@dataclass(frozen=True, kw_only=True)
class BalancerArgs:
    """`targets` are the hosts that connections go to, after `ready`."""

    settings: Settings
    net: Net
    targets: Sequence[Host]
    ready: Sequence[pulumi.Resource]


class Balancer(pulumi.ComponentResource):
    """Connections reach a node by the private network, from one address, the only one that mail servers trust."""

    addresses: tuple[Address, ...]

    def __init__(self, name: str, args: BalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stalwart-cluster:front:Balancer", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        front, hetzner, who = args.settings.front, args.settings.hetzner, identity(args.settings)
        balancer = hcloud.LoadBalancer(
            name,
            name=who.name,
            load_balancer_type=front.balancer_type,
            location=front.balancer_location or hetzner.locations[0],
            delete_protection=hetzner.protection,
            labels=who.labels,
            opts=child,
        )
        number = balancer.id.apply(int)
        plugged = hcloud.LoadBalancerNetwork(
            f"{name}-network",
            load_balancer_id=number,
            subnet_id=args.net.subnet.id,
            ip=str(balancer_address(hetzner.subnet)),
            opts=child,
        )
        for what, port in mail_ports(args.settings).items():
            hcloud.LoadBalancerService(
                f"{name}-{what}",
                load_balancer_id=balancer.id,
                protocol="tcp",
                listen_port=port,
                destination_port=port,
                proxyprotocol=True,
                health_check=_health_check(),
                opts=child,
            )
        for host in args.targets:
            hcloud.LoadBalancerTarget(
                f"{name}-to-{host.name}",
                load_balancer_id=number,
                type="server",
                server_id=host.server.id.apply(int),
                use_private_ip=True,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[plugged, *args.ready]),
            )
        self.addresses = (Address(type="A", value=balancer.ipv4), Address(type="AAAA", value=balancer.ipv6))
        for address in self.addresses:
            hcloud.Rdns(
                f"{name}-reverse-{address.type.lower()}",
                load_balancer_id=number,
                ip_address=address.value,
                dns_ptr=args.settings.hostname,
                opts=child,
            )
        self.register_outputs({"ipv4": balancer.ipv4, "ipv6": balancer.ipv6})


def _health_check() -> hcloud.LoadBalancerServiceHealthCheckArgs:
    """Asks the probe on the node, because the mail server's own health page does not see that the database is away."""
    return hcloud.LoadBalancerServiceHealthCheckArgs(
        protocol="http",
        port=PROBE_PORT,
        interval=_INTERVAL_SECONDS,
        timeout=_TIMEOUT_SECONDS,
        retries=_RETRIES,
        http=hcloud.LoadBalancerServiceHealthCheckHttpArgs(path="/ready", status_codes=["200"]),
    )
