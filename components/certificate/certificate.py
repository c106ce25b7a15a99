"""The step that has the mail servers ask an authority for certificates, by ACME."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.before import exported
from components.certificate import challenge
from components.certificate.names import certified
from components.certificate.stored import StoredCertificate
from components.dns.wish import patience
from components.front.front import Front
from components.remote.host import Host
from components.remote.step import facts, run_script
from components.settings import Challenge, DnsProvider, Settings
from components.stalwart.cluster import Stalwart
from components.topology import Plan


@dataclass(frozen=True, kw_only=True)
class CertificateArgs:
    """`stored` is what is shown until there is another; `published` is done before the names lead to the `front`.

    Where an authority looks at records, the mail servers write them with `challenge_secret`, else with `tsig_secret`.
    """

    settings: Settings
    plan: Plan
    hosts: Mapping[str, Host]
    mail: Stalwart
    stored: StoredCertificate
    front: Front
    published: Sequence[pulumi.Resource]
    challenge_secret: pulumi.Output[str] | None
    tsig_secret: pulumi.Output[str] | None


class Certificate(pulumi.ComponentResource):
    """Names are proved on port 443, which any node answers, or by records; the certificate lies in the database for all
    nodes.

    While the authority has not issued, each run looks again.
    """

    state: pulumi.Output[dict[str, object]]
    """Which authority, whether it has issued, until when or what it waits for, and which look that was."""

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
                    "CHALLENGE": challenge.document(args.settings),
                    "CHALLENGE_SECRET": _secret(args),
                    "ADDRESSES": _addresses(args),
                    "PATIENCE": str(patience(args.settings)),
                    "LOOK": str(_look()),
                },
                parent=self,
                after=[args.stored.step, *args.published],
                timeout="25m",
            )
            self.state = facts(asked)
        self.register_outputs({"state": self.state})


def _look() -> int:
    """The number of this run's look at the authority: the same as the last one's where that saw all issued."""
    last = exported().get("certificate") or {}
    return int(last.get("look", 0)) + (not last.get("issued"))


def _secret(args: CertificateArgs) -> pulumi.Input[str]:
    """What the mail servers write records with: never more than they need."""
    dns = args.settings.dns
    if args.settings.mail.certificate_challenge is not Challenge.DNS:
        return ""
    own = dns.provider is DnsProvider.HETZNER or dns.challenge_tsig_name
    return (args.challenge_secret if own else args.tsig_secret) or ""


def _addresses(args: CertificateArgs) -> pulumi.Output[str]:
    """Where the names lead: to the front, and to each node."""
    found = (address.value for addresses in args.front.addresses.values() for address in addresses)
    return pulumi.Output.all(*found).apply(lambda known: " ".join(sorted({*known})))
