"""A FoundationDB cluster: the seed makes the cluster file, all nodes install at once, the database is created once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_command import remote

from components.packages import Packages
from components.remote import ssh
from components.remote.host import Host
from components.remote.step import facts, run_local, run_script
from components.settings import DatabaseSettings, Permission
from components.topology import Plan

# A new server answers SSH within a minute and a half.
BOOT_SECONDS = 120


@dataclass(frozen=True, kw_only=True)
class FoundationDbArgs:
    """What the database is made of. `cluster` is its description in the cluster file, constant for its life."""

    cluster: str
    plan: Plan
    hosts: Mapping[str, Host]
    packages: Packages
    database: DatabaseSettings
    allow: Sequence[Permission] = ()


class FoundationDb(pulumi.ComponentResource):
    """The store of the mail cluster. The seed is not special once the coordinators are set."""

    cluster_file: pulumi.Output[str]
    """The connection string with the final coordinators. Secret: who has it and the network has the data."""

    created: remote.Command
    """Ends when the database is replicated and its coordinators are set."""

    def __init__(self, name: str, args: FoundationDbArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stalwart-cluster:foundationdb:FoundationDb", name, None, opts)
        self._args = args
        seed = args.hosts[args.plan.seed.name]

        # Asked again whenever a host is new: it joins with what the database says then.
        machines = pulumi.Output.all(*[host.identity for host in args.hosts.values()])
        found = run_local(
            f"{name}-find",
            "local/find_database.sh",
            {
                "MACHINES": machines.apply(_lines),
                "PATIENCE_SECONDS": str(BOOT_SECONDS),
                **ssh.to_hosts(args.hosts.values()),
            },
            parent=self,
        )
        # A step of its own and a fraction of a second, so that no node waits for another to install.
        seeded = run_script(
            f"{name}-seed",
            seed,
            "foundationdb/seed.sh",
            {
                "CLUSTER_NAME": args.cluster,
                "SEED_ADDRESS": seed.node.address,
                "FOUND": pulumi.Output.secret(found.stdout),
            },
            parent=self,
        )
        installed = {
            node: self._install(f"{name}-install-{node}", host, pulumi.Output.secret(seeded.stdout))
            for node, host in args.hosts.items()
        }
        self.created = self._create(f"{name}-database", seed, installed)
        self.cluster_file = pulumi.Output.secret(self.created.stdout)
        self.register_outputs({"cluster_file": self.cluster_file})

    def _install(self, name: str, host: Host, cluster_file: pulumi.Output[str]) -> remote.Command:
        args = self._args
        return run_script(
            name,
            host,
            "foundationdb/install.sh",
            {
                "FDB_VERSION": args.packages.release.foundationdb,
                "FDB_SOURCE": args.packages.foundationdb_source,
                "ZONE": host.node.zone,
                "ADDRESS": host.node.address,
                "CLUSTER_FILE": cluster_file,
                "FDB_MEMORY": _size(args.database.memory),
                "FDB_CACHE": _size(args.database.cache),
            },
            parent=self,
            timeout="30m",
        )

    def _create(self, name: str, host: Host, installed: Mapping[str, remote.Command]) -> remote.Command:
        states = pulumi.Output.all(*[facts(step) for step in installed.values()])
        machines = pulumi.Output.all(*[host.identity for host in self._args.hosts.values()])
        return run_script(
            name,
            host,
            "foundationdb/database.py",
            {
                **reconciled(self._args),
                "STATES": states.apply(lambda all_facts: " ".join(fact["state"] for fact in all_facts)),
                # A node that got another machine was excluded, and may find what it found with the one before.
                "MACHINES": machines.apply(lambda known: " ".join(map(str, known))),
                "FDB_VERSION": self._args.packages.release.foundationdb,
            },
            parent=self,
            timeout="20m",
        )


def reconciled(args: FoundationDbArgs) -> dict[str, str]:
    """What a step that brings the database itself to what is wanted has to know."""
    return {
        "REDUNDANCY": str(args.plan.redundancy),
        "ENGINE": str(args.database.engine),
        "COORDINATORS": " ".join(node.database_address for node in args.plan.coordinators),
        "PROCESSES": " ".join(f"{node.database_address}={node.zone}" for node in args.plan.nodes),
        "TOLERANCE": str(args.plan.expected_tolerance.survivable),
        # Of all permissions the one that matters here, so that no other makes a step run again.
        "ALLOW": " ".join({*args.allow} & {Permission.SINGLE_COPY}),
    }


def _lines(texts: list[str]) -> str:
    return "\n".join(text or "-" for text in texts)


def _size(mebibytes: int | None) -> str:
    return "auto" if mebibytes is None else f"{mebibytes}MiB"
