"""The certificate that the stack itself has: stored once, in the database, and shown by every mail node."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_command import remote

from components.certificate import life
from components.certificate.authority import PrivateAuthority, title
from components.certificate.names import all_names, certified
from components.remote.host import Host
from components.remote.step import facts, run_script
from components.settings import Settings
from components.stalwart.cluster import Stalwart
from components.stalwart.wish import admin_login
from components.topology import Plan


@dataclass(frozen=True, kw_only=True)
class StoredCertificateArgs:
    """`mail` is the cluster that shows it; `own_chain` and `own_key` are the user's, where the stack file says so."""

    settings: Settings
    plan: Plan
    hosts: Mapping[str, Host]
    mail: Stalwart
    own_chain: str | None = None
    own_key: pulumi.Output[str] | None = None


class StoredCertificate(pulumi.ComponentResource):
    """Replaced in place, on all nodes at once, and nothing restarts.

    Where a public authority is asked, it stands in until that has issued.
    """

    step: remote.Command
    """After this, the nodes show it."""

    chain: pulumi.Input[str]
    """What they show, in PEM."""

    state: pulumi.Output[dict[str, object]]
    """Where it is from and until when it lasts."""

    authority_name: str

    authority: pulumi.Output[str] | None = None
    """The private authority's certificate, for programs that shall trust it; None where it is not needed."""

    def __init__(self, name: str, args: StoredCertificateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stalwart-cluster:certificate:StoredCertificate", name, None, opts)
        settings = args.settings
        self.authority_name = title(settings.hostname, settings.cluster)
        chain, key = self._issued(args) if args.own_chain is None else (args.own_chain, args.own_key or "")
        self.chain = chain
        self.step = run_script(
            name,
            args.hosts[args.plan.first_mail_node.name],
            "certificate/store.py",
            {
                "ADMIN_LOGIN": admin_login(settings),
                "NAMES": json.dumps(certified(settings, args.plan), sort_keys=True),
                "PRIVATE_AUTHORITY": self.authority_name,
                "ACME_DIRECTORY": settings.authority or "",
                "CHAIN": chain,
                "CERTIFICATE_KEY": key,
                "ADMIN_PASSWORD": args.mail.admin_password,
            },
            parent=self,
            after=[args.mail.first],
        )
        self.state = facts(self.step).apply(lambda found: {"source": settings.mail.certificate, **found["certificate"]})
        self.register_outputs({"state": self.state})

    def _issued(self, args: StoredCertificateArgs) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        """Chain and key of the stack's own authority."""
        settings = args.settings
        private = PrivateAuthority(
            "private-ca",
            self.authority_name,
            all_names(settings, args.plan),
            life.STANDING_IN if settings.authority else life.SERVING,
            pulumi.ResourceOptions(parent=self),
        )
        self.authority = private.pem
        return private.chain, private.key
