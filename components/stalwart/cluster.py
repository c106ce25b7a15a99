"""Stalwart on the mail nodes: installed on all at once, configured on the first alone, then started on the others."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_random as random
from pulumi_command import remote

from components.coordinator.nats import Nats
from components.foundationdb.cluster import FoundationDb
from components.packages import Packages
from components.remote.host import Host
from components.remote.step import facts, run_script
from components.settings import Settings
from components.stalwart import wish
from components.topology import Plan

_MILLISECONDS = 1000

# Long, and of letters and digits only, so that it can be typed and pasted anywhere.
_PASSWORD_LENGTH = 32


@dataclass(frozen=True, kw_only=True)
class StalwartArgs:
    """What the mail cluster is made of. `admin_password` is the stack's own, where it has one."""

    settings: Settings
    plan: Plan
    hosts: Mapping[str, Host]
    packages: Packages
    database: FoundationDb
    coordinator: Nats
    admin_password: pulumi.Output[str] | None = None
    relay_password: pulumi.Output[str] | None = None


class Stalwart(pulumi.ComponentResource):
    """The mail servers and their settings."""

    wish: str
    """The settings document that the scripts work from."""

    admin_password: pulumi.Output[str]
    probe_password: pulumi.Output[str]

    first: remote.Command
    """The step that configured the cluster."""

    started: dict[str, remote.Command]
    """The step after which each mail node serves."""

    def __init__(self, name: str, args: StalwartArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stalwart-cluster:stalwart:Stalwart", name, None, opts)
        self._args = args
        self.wish = wish.document(args.settings, args.plan)
        self.admin_password = args.admin_password or self._password(f"{name}-admin-password")
        self.probe_password = self._password(f"{name}-probe-password")

        head, *others = (args.hosts[node.name] for node in args.plan.mail_nodes)
        head_installed = self._install(f"{name}-install-{head.name}", head, self._known_digests())
        digests = self._demanded_digests(head_installed)
        installed = {host.name: self._install(f"{name}-install-{host.name}", host, digests) for host in others}

        # No settings are written while releases are mixed: a node that is older may not read them.
        # An empty database takes its defaults from the first server that starts; two at once would mix theirs.
        self.first = run_script(
            f"{name}-first",
            head,
            "stalwart/first.py",
            {
                "WISH": self.wish,
                "ADMIN_PASSWORD": self.admin_password,
                "PROBE_PASSWORD": self.probe_password,
                "RELAY_PASSWORD": args.relay_password or "",
            },
            parent=self,
            after=[
                head_installed,
                *installed.values(),
                args.database.created,
                *args.coordinator.steps,
                *self._met_relay(f"{name}-relay"),
            ],
        )
        self.started = {head.name: self.first} | {
            host.name: self._start(f"{name}-start-{host.name}", host, installed[host.name]) for host in others
        }
        self.register_outputs({"admin_password": self.admin_password, "probe_password": self.probe_password})

    def _met_relay(self, name: str) -> list[pulumi.Resource]:
        """Every node that sends has to have met the relay before mail is led to it."""
        args = self._args
        relay = args.settings.mail.relay
        if relay is None:
            return []
        own = pulumi.Output.all(*(address.value for host in args.hosts.values() for address in host.public))
        return [
            run_script(
                f"{name}-{node.name}",
                args.hosts[node.name],
                "stalwart/relay.py",
                {
                    "HOST": relay.host,
                    "PORT": str(relay.at),
                    "TLS": str(relay.tls),
                    "LOGIN": relay.user or "",
                    "PASSWORD": args.relay_password or "",
                    "GREETING": args.settings.outgoing,
                    "OWN": own.apply(lambda found: " ".join([*(node.address for node in args.plan.nodes), *found])),
                },
                parent=self,
            )
            for node in args.plan.mail_nodes
        ]

    def _password(self, name: str) -> pulumi.Output[str]:
        options = pulumi.ResourceOptions(parent=self)
        return random.RandomPassword(name, length=_PASSWORD_LENGTH, special=False, opts=options).result

    def _install(self, name: str, host: Host, digests: pulumi.Input[str]) -> remote.Command:
        args = self._args
        return run_script(
            name,
            host,
            "stalwart/install.sh",
            {
                "STALWART_VERSION": args.packages.release.stalwart,
                "STALWART_SOURCE": args.packages.stalwart_source,
                "STALWART_SHA256": digests,
                "STALWART_HOSTNAME": host.node.hostname,
                "ZONE": host.node.zone,
                "TRANSACTION_TIMEOUT": str(args.settings.mail.store_timeout * _MILLISECONDS),
                "ADMIN_LOGIN": wish.admin_login(args.settings),
                "ADMIN_PASSWORD": self.admin_password,
                "NATS_PASSWORD": args.coordinator.password,
                "NATS_ADDRESSES": " ".join(args.coordinator.addresses),
            },
            parent=self,
            timeout="30m",
        )

    def _start(self, name: str, host: Host, installed: remote.Command) -> remote.Command:
        return run_script(
            name,
            host,
            "stalwart/start.py",
            {
                "WISH": self.wish,
                "STALWART_HOSTNAME": host.node.hostname,
                "ADMIN_PASSWORD": self.admin_password,
                "RESTART": facts(self.first)["restart"],
            },
            parent=self,
            after=[installed],
        )

    def _known_digests(self) -> str:
        """The digests that are known before any host fetched anything: `amd64 9f86...`, a line each."""
        known = {name: self._args.packages.stalwart_digest(name) for name in ("amd64", "arm64")}
        return "\n".join(f"{name} {digest}" for name, digest in known.items() if digest)

    def _demanded_digests(self, head: remote.Command) -> pulumi.Input[str]:
        """What all other hosts must get: what is known, else what the first one got."""
        return self._known_digests() or facts(head).apply(lambda fact: f"{fact['arch']} {fact['sha256']}")
