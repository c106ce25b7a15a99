"""The step that brings the domains to what the stack file says, on a cluster that serves."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_command import remote

from components.directory import wish
from components.dkim.keys import SigningKeys
from components.remote.host import Host
from components.remote.step import facts, run_script
from components.settings import Permission, Settings
from components.stalwart.cluster import Stalwart
from components.stalwart.wish import admin_login
from components.topology import Plan


@dataclass(frozen=True, kw_only=True)
class DirectoryArgs:
    """`mail` is the cluster that holds the directory, `keys` are what its domains sign with."""

    settings: Settings
    plan: Plan
    hosts: Mapping[str, Host]
    mail: Stalwart
    keys: SigningKeys


class Directory(pulumi.ComponentResource):
    """Domains are added and changed in place. The mail servers stay as they are: nothing restarts."""

    step: remote.Command
    """After this, every domain is there."""

    domains: tuple[str, ...]
    """The names that every node must know."""

    dkim: pulumi.Output[dict[str, list[list[str]]]]
    """Domain -> selector and text of each signing key that the mail server made, one of each kind, in their order; only
    for domains that list `server`.
    """

    document: str
    """The domains and what lies in them, for the scripts."""

    early: str
    """Not empty where signing keys may go before their days are over."""

    def __init__(self, name: str, args: DirectoryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stalwart-cluster:directory:Directory", name, None, opts)
        self.domains = args.settings.domain_names
        self.document = wish.document(args.settings)
        self.early = Permission.SIGNING_KEY if Permission.SIGNING_KEY in args.settings.allow else ""
        self.step = run_script(
            f"{name}-apply",
            args.hosts[args.plan.first_mail_node.name],
            "directory/apply.py",
            {
                "ADMIN_LOGIN": admin_login(args.settings),
                "DIRECTORY": self.document,
                "SIGNING_TEXTS": args.keys.texts,
                "SIGNING_KEYS": args.keys.private,
                "EARLY": self.early,
                "ADMIN_PASSWORD": args.mail.admin_password,
            },
            parent=self,
            after=[args.mail.first],
        )
        self.dkim = facts(self.step).apply(lambda found: found["dkim"])
        self.register_outputs({"domains": list(self.domains)})
