"""Hosts from the platform of the stack file, made ready: prepared, owned by this cluster, packages at hand."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pulumi
import pulumi_random as random
from pulumi_command import local, remote

from components.foundationdb.binding import binding
from components.hosts.disks import Disks
from components.hosts.existing import ExistingHosts
from components.hosts.hetzner.hosts import HetznerHosts
from components.hosts.hetzner.network import Net
from components.hosts.lab import LabHosts
from components.packages import HOST_CACHE, Packages
from components.remote import kept, ssh
from components.remote.host import Host
from components.remote.step import again, run_local, run_script
from components.settings import Platform, Settings
from components.topology import Plan

# Less than this and the database's process dies of its own limit. Source: FoundationDB's docs ask for
# 4 GB per process; 1 GiB is what a trial needs.
LEAST_MEMORY_MIB = 1024
LEAST_DISK_GIB = 5

# A new server answers SSH before its private network is up.
NETWORK_SECONDS = 90

Hosts = Mapping[str, Host]


@dataclass(frozen=True, kw_only=True)
class HostsArgs:
    """What is needed to reach hosts. `private_key` is the stack's secret key for SSH, if it has one."""

    plan: Plan
    settings: Settings
    packages: Packages
    private_key: pulumi.Output[str] | None = None


class ReadyHosts(pulumi.ComponentResource):
    """The plan's hosts. Nothing begins on a host before it is prepared and holds the packages of a mirror folder."""

    hosts: Hosts

    disks: Disks
    """The encrypted disks of the database, and their keys."""

    net: Net | None = None
    """The private network, where the stack made it."""

    def __init__(self, name: str, args: HostsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stalwart-cluster:hosts:ReadyHosts", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        match args.settings.platform:
            case Platform.LAB:
                raw: Hosts = LabHosts("lab", args.plan, args.settings.lab, opts=child).hosts
            case Platform.EXISTING:
                raw = ExistingHosts("existing", args.plan, args.settings, args.private_key, opts=child).hosts
            case Platform.HETZNER:
                made = HetznerHosts("hetzner", args.plan, args.settings, opts=child)
                raw, self.net = made.hosts, made.net

        raw = {node: replace(host, mend=args.settings.mend) for node, host in raw.items()}
        self._args = args
        # Made once and kept in the state: tells this cluster's hosts from those of any other stack.
        self._cluster_id = random.RandomId(f"{name}-cluster-id", byte_length=16, opts=child)
        self.disks = Disks(name, args.plan, self)
        prepared = {node: self._prepare(name, host) for node, host in raw.items()}
        self._kept = _kept()
        self.hosts = {
            node: host.behind(
                [
                    self._send_scripts(name, host.behind([prepared[node]])),
                    *self._sent(name, host),
                    *self.disks.opened_by_others(host, prepared),
                ]
            )
            for node, host in raw.items()
        }
        self.register_outputs({"cluster_id": self._cluster_id.hex})

    def _sent(self, name: str, host: Host) -> list[pulumi.Resource]:
        """Beside the preparing: neither needs the other."""
        return [self._send(name, host)] if self._args.packages.files else []

    def _prepare(self, name: str, host: Host) -> remote.Command:
        return run_script(
            f"{name}-prepare-{host.name}",
            host,
            "host/prepare.sh",
            {
                "CLUSTER_ID": self._cluster_id.hex,
                "STACK": f"{pulumi.get_project()}/{pulumi.get_stack()}",
                "ADDRESS": host.node.address,
                "HOSTS": "\n".join(f"{node.address} {node.hostname} {node.name}" for node in self._args.plan.nodes),
                "CLUSTER": _cluster(self._args.plan),
                "ADDRESS_SECONDS": str(NETWORK_SECONDS if host.server else 0),
                "DEVICE": host.device,
                **self.disks.values(host.node),
                "PACKAGES": self._packages(host),
                "MIN_MEMORY_MIB": str(LEAST_MEMORY_MIB),
                "MIN_DISK_GIB": str(LEAST_DISK_GIB),
            },
            parent=self,
            timeout="20m",
        )

    def _packages(self, host: Host) -> str:
        """Debian's, with the preparation, so that apt runs once on each host."""
        plan = self._args.plan
        wanted = {
            "nats-server": host.node in plan.coordination_nodes,
            "nftables": host.node.mail and not host.node.sends,
        }
        return " ".join(package for package, is_wanted in wanted.items() if is_wanted)

    def _send(self, name: str, host: Host) -> local.Command:
        packages = self._args.packages
        return self._push(
            f"{name}-packages-{host.name}",
            host,
            {
                "FOLDER": str(packages.folder),
                "FILES": "\n".join(f"{digest}  {path}" for path, digest in packages.files.items()),
                "OTHERS": "stay",
                "PACKED": "",
                "TARGET_DIR": HOST_CACHE,
            },
        )

    def _send_scripts(self, name: str, host: Host) -> local.Command:
        """To a host that is prepared: nothing is left on one that is refused."""
        return self._push(
            f"{name}-scripts-{host.name}",
            host,
            {"FOLDER": kept.HERE, "FILES": self._kept, "OTHERS": "go", "PACKED": "-z", "TARGET_DIR": kept.ON_HOSTS},
        )

    def _push(self, name: str, host: Host, files: Mapping[str, str]) -> local.Command:
        return run_local(
            name,
            "local/push_files.sh",
            {**again(host), "NODE": host.name, "MACHINE": host.identity, **files, **ssh.to_host(host)},
            parent=self,
            after=host.after,
        )


def _kept() -> str:
    """What every host keeps, as lines of digest and name: what its steps run, and a long text that they are given."""
    kept.forget()
    texts = [*(code.body(alone=True) for code in kept.on_hosts()), binding()]
    names = sorted(kept.keep(text) for text in texts)
    return "\n".join(f"{name}  {name}" for name in names)


def _cluster(plan: Plan) -> str:
    """JSON of scripts/lib/turn/cluster.Cluster: what a host has to know of the others when the stack is not at work."""
    nodes = {
        node.name: {"address": node.address, "hostname": node.hostname, "zone": node.zone, "mail": node.mail}
        for node in plan.nodes
    }
    return json.dumps({"tolerance": plan.expected_tolerance.survivable, "nodes": nodes}, sort_keys=True)
