"""The step that lets domains sign with the key that the stack file puts first, when the world shows its record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.directory.directory import Directory
from components.dns.wish import patience
from components.remote.host import Host
from components.remote.step import facts, run_script
from components.settings import Settings
from components.stalwart.cluster import Stalwart
from components.stalwart.wish import admin_login
from components.topology import Plan


@dataclass(frozen=True, kw_only=True)
class SigningArgs:
    """`published` are the records of the keys: they come before the first mail that is signed with a new key."""

    settings: Settings
    plan: Plan
    hosts: Mapping[str, Host]
    mail: Stalwart
    directory: Directory
    published: Sequence[pulumi.Resource]


class Signing(pulumi.ComponentResource):
    """Fails `up`, as its last step, while a key is wanted that the world does not show; the former one goes on."""

    state: pulumi.Output[dict[str, Any]]
    """Domain -> selectors that sign, those that wait, and until when others stay."""

    def __init__(self, name: str, args: SigningArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stalwart-cluster:dkim:Signing", name, None, opts)
        step = run_script(
            name,
            args.hosts[args.plan.first_mail_node.name],
            "directory/sign.py",
            {
                "ADMIN_LOGIN": admin_login(args.settings),
                "DIRECTORY": args.directory.document,
                "EARLY": args.directory.early,
                "PATIENCE": str(patience(args.settings)),
                "ADMIN_PASSWORD": args.mail.admin_password,
            },
            parent=self,
            after=[args.directory.step, *args.published],
        )
        self.state = facts(step).apply(lambda found: found["signing"])
        self.register_outputs({"state": self.state})
