"""Proof that the cluster is what was promised: the store through every node, mail from every node to every other."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_command import remote

from components.directory.directory import Directory
from components.foundationdb.binding import binding
from components.foundationdb.cluster import FoundationDb
from components.remote.host import Host
from components.remote.step import facts, run_script
from components.stalwart.cluster import Stalwart
from components.topology import Plan


@dataclass(frozen=True, kw_only=True)
class ProofArgs:
    """What is proved."""

    plan: Plan
    hosts: Mapping[str, Host]
    database: FoundationDb
    mail: Stalwart
    directory: Directory


class Proof(pulumi.ComponentResource):
    """Fails `up` when a pair of nodes does not pass mail on, or the fault tolerance is below the wanted one."""

    verification: pulumi.Output[dict[str, object]]
    """Pairs with seconds, node ids, time of the check."""

    proved: remote.Command
    """The step after which mail is known to pass between all nodes."""

    database: pulumi.Output[dict[str, object]]
    """State of the database as the first node saw it."""

    def __init__(self, name: str, args: ProofArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stalwart-cluster:proof:Proof", name, None, opts)
        plan, mail = args.plan, args.mail
        checked = {host.name: self._check(f"{name}-database-{host.name}", host, args) for host in args.hosts.values()}
        nodes = {node.name: {"address": node.address, "hostname": node.hostname} for node in plan.mail_nodes}
        proved = run_script(
            f"{name}-mail",
            args.hosts[plan.first_mail_node.name],
            "proof/prove.py",
            {
                "WISH": mail.wish,
                "DOMAINS": json.dumps(args.directory.domains),
                "NODES": json.dumps(nodes, sort_keys=True),
                "PAIRS": json.dumps([[sender.name, reader.name] for sender, reader in plan.pairs]),
                "ADMIN_PASSWORD": mail.admin_password,
                "PROBE_PASSWORD": mail.probe_password,
                "CAUSE": _digest([args.database.created, args.directory.step, *mail.started.values()]),
            },
            parent=self,
            after=[args.directory.step, *mail.started.values()],
        )
        self.proved = proved
        self.verification = facts(proved)
        self.database = facts(checked[plan.seed.name])
        self.register_outputs({"verification": self.verification, "database": self.database})

    def _check(self, name: str, host: Host, args: ProofArgs) -> remote.Command:
        """After this node's own mail server and not after all: every edge between all and all would cost the engine
        seconds in a preview of many nodes.
        """
        last = args.mail.started.get(host.name, args.database.created)
        return run_script(
            name,
            host,
            "foundationdb/check.py",
            {
                "FDB_BINDING": binding(),
                "TOLERANCE": str(args.plan.wanted_tolerance),
                "CAUSE": _digest([args.database.created, last]),
            },
            parent=self,
            after=[last],
            texts=["FDB_BINDING"],
        )


def _digest(steps: list[remote.Command]) -> pulumi.Output[str]:
    """Changes with the scripts and the values of the steps: nothing is proved again as long as none was asked for
    anything else.
    """
    return pulumi.Output.all(*[step.stdin for step in steps]).apply(
        lambda texts: hashlib.sha256("\0".join(map(str, texts)).encode()).hexdigest()[:12]
    )
