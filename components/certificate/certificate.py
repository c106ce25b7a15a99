"""The step that has the mail servers ask an authority for certificates, by ACME."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.certificate.names import certified
from components.certificate.stored import StoredCertificate
from components.remote.host import Host
from components.remote.step import facts, run_script
from components.settings import Settings
from components.stalwart.cluster import Stalwart
from components.topology import Plan


@dataclass(frozen=True, kw_only=True)
class CertificateArgs:
    """`stored` is what is shown until there is another; `published` is done before the names lead here."""

    settings: Settings
    plan: Plan
    hosts: Mapping[str, Host]
    mail: Stalwart
    stored: StoredCertificate
    published: Sequence[pulumi.Resource]


class Certificate(pulumi.ComponentResource):
    """Names are proved on port 443, which any node answers; the certificate lies in the database for all of them."""

    state: pulumi.Output[dict[str, object]]
    """Which authority, whether it has issued, until when."""

    def __init__(self, name: str, args: CertificateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stalwart-cluster:certificate:Certificate", name, None, opts)
        self.state = args.stored.state
        if args.settings.authority:
            asked = run_script(
                f"{name}-asked",
                args.hosts[args.plan.first_mail_node.name],
                "certificate/ask.py",
                {
                    "WISH": args.mail.wish,
                    "ADMIN_PASSWORD": args.mail.admin_password,
                    "ACME_DIRECTORY": args.settings.authority,
                    "NAMES": json.dumps(certified(args.settings, args.plan), sort_keys=True),
                    "PRIVATE_AUTHORITY": args.stored.authority_name,
                },
                parent=self,
                after=[args.stored.step, *args.published],
            )
            self.state = facts(asked)
        self.register_outputs({"state": self.state})
