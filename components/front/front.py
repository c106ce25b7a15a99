"""The front: how the world finds a node that works, and that mail can leave before anything is promised to it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.dns.names import Address
from components.foundationdb.binding import binding
from components.front.balancer import Balancer, BalancerArgs
from components.front.names import exchangers
from components.hosts.hetzner.network import Net
from components.remote.host import Host
from components.remote.step import run_script
from components.settings import FrontKind, Platform, Settings
from components.topology import Plan


@dataclass(frozen=True, kw_only=True)
class FrontArgs:
    """`proved` has to be done before anybody is led to a node; `net` is the network, where the stack made it."""

    settings: Settings
    plan: Plan
    hosts: Mapping[str, Host]
    net: Net | None
    proved: pulumi.Resource


class Front(pulumi.ComponentResource):
    """What the records of the mail domains lead to."""

    addresses: dict[str, tuple[Address, ...]]
    """Name -> addresses, for every name that the cluster needs."""

    exchangers: tuple[str, ...]
    """The names that mail for the domains is sent to."""

    ready: list[pulumi.Resource]
    """What has to be done before the records may say so."""

    def __init__(self, name: str, args: FrontArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stalwart-cluster:front:Front", name, None, opts)
        self._name, self._args = name, args
        settings, plan = args.settings, args.plan
        inside = [args.hosts[node.name] for node in plan.front_nodes]
        self.exchangers = exchangers(settings, plan)
        # Each of them comes after the proof.
        self.ready = self._outgoing() or [args.proved]
        if settings.front.kind is FrontKind.LOAD_BALANCER and args.net:
            probes = [self._probe(args.hosts[node.name]) for node in plan.mail_nodes]
            balancer = Balancer(
                f"{name}-balancer",
                BalancerArgs(settings=settings, net=args.net, targets=inside, ready=probes),
                opts=pulumi.ResourceOptions(parent=self),
            )
            service = balancer.addresses
        else:
            service = tuple(address for host in inside for address in host.public)
        everywhere = [args.hosts[node.name] for node in plan.mail_nodes]
        senders = [args.hosts[node.name] for node in plan.sending_nodes]
        self.addresses = {
            settings.hostname: service,
            settings.outgoing: tuple(address for host in senders for address in host.public),
            **{host.node.hostname: host.public for host in everywhere},
        }
        self.register_outputs({"exchangers": list(self.exchangers)})

    def _outgoing(self) -> list[pulumi.Resource]:
        """Whether mail can leave: Hetzner keeps port 25 closed for new accounts.

        Where it leaves through a relay, port 25 does not matter, and each node has met the relay by now: that comes
        before the mail server is told of it.
        """
        if self._args.settings.platform is not Platform.HETZNER or self._args.settings.mail.relay:
            return []
        targets = " ".join(self._args.settings.hetzner.port_25_targets)
        return [
            run_script(
                f"{self._name}-outgoing-{node.name}",
                self._args.hosts[node.name],
                "front/outgoing.sh",
                {"TARGETS": targets},
                parent=self,
                # Last: a closed port holds back the records, and nothing else.
                after=[self._args.proved],
            )
            for node in self._args.plan.sending_nodes
            if targets
        ]

    def _probe(self, host: Host) -> pulumi.Resource:
        return run_script(
            f"{self._name}-probe-{host.name}",
            host,
            "front/install.py",
            {"ADDRESS": host.node.address, "FDB_BINDING": binding()},
            parent=self,
            after=[self._args.proved],
            removable=True,
        )
