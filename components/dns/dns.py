"""The records of the mail domains: published at Hetzner, by updates of a name server, or written out to paste."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_command import local

from components.certificate.stored import StoredCertificate
from components.directory.directory import Directory
from components.dkim.keys import SigningKeys
from components.dns import Address, Record, by_zone, hetzner, records, rfc2136, wish, zone_file
from components.dns.mta_sts import mta_sts_policy
from components.dns.tlsa import tlsa
from components.front.front import Front
from components.remote.host import Host
from components.remote.step import facts, run_script
from components.settings import SERVER, DnsProvider, MtaSts, Settings
from components.stalwart.cluster import Stalwart
from components.topology import Plan


@dataclass(frozen=True, kw_only=True)
class DnsArgs:
    """The front says what has to be done before the world is told. `tsig_secret` belongs to one's own name server."""

    settings: Settings
    plan: Plan
    hosts: Mapping[str, Host]
    front: Front
    mail: Stalwart
    directory: Directory
    keys: SigningKeys
    stored: StoredCertificate
    tsig_secret: pulumi.Output[str] | None


class Dns(pulumi.ComponentResource):
    """All records are ours: the mail server publishes none."""

    published: list[pulumi.Resource]
    """After these, the names lead to the cluster, where not somebody else publishes them."""

    keys_published: list[pulumi.Resource]
    """Those of them that show the signing keys."""

    zone_files: pulumi.Output[dict[str, str]]
    """Zone -> its records, as text that a name server reads."""

    asked: dict[str, Any]
    """Whom `make dns-check` asks, and for the reverse names of what."""

    def __init__(self, name: str, args: DnsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stalwart-cluster:dns:Dns", name, None, opts)
        self._name, self._args = name, args
        self._zones = wish.zones(args.settings)
        self.published = self.keys_published = list(args.front.ready)
        self._setup = self._shown()
        domains = args.settings.domains
        self._server_made = [name for name in args.settings.domain_names if SERVER in domains[name].dkim.keys]
        shown = pulumi.Output.unsecret(pulumi.Output.from_input(args.stored.chain)).apply(tlsa)
        self._tls_keys = [shown] if args.settings.dns.signed else []
        found = self._known()
        match args.settings.dns.provider:
            case DnsProvider.HETZNER:
                self.published, self.keys_published = self._at_hetzner()
            case DnsProvider.RFC2136:
                secret = args.tsig_secret or ""
                steps = rfc2136.publish(name, args.settings, found, secret, self, [self._gate()])
                self.published = self.keys_published = [*steps]
        self.zone_files = found.apply(self._written)
        self.asked = {
            "outgoing": args.settings.outgoing,
            "resolvers": list(args.settings.dns.resolvers),
            "server": args.settings.dns.server,
        }
        self.register_outputs({"zone_files": self.zone_files})

    def _shown(self) -> pulumi.Output[str]:
        """The text that has the digest of the setup document; the policy is seen to be the one that records name."""
        args = self._args
        mode = args.settings.dns.mta_sts
        step = run_script(
            f"{self._name}-shown",
            args.hosts[args.plan.first_mail_node.name],
            "stalwart/shown.py",
            {
                "WISH": args.mail.wish,
                "POLICY": "" if mode is MtaSts.NONE else mta_sts_policy(mode, args.front.exchangers),
                # Another release may show another document.
                "STALWART_VERSION": args.settings.release.stalwart,
            },
            parent=self,
            after=[args.mail.first],
        )
        return facts(step).apply(lambda found: found["setup"])

    def _known(self) -> pulumi.Output[Sequence[Record]]:
        """All records, once addresses and signing keys are known."""
        args = self._args
        flat = [address.value for addresses in args.front.addresses.values() for address in addresses]
        # Nothing waits for the server's word on keys where it makes none.
        server_made: Any = args.directory.dkim if self._server_made else {}

        def made(known: Sequence[Any]) -> Sequence[Record]:
            ours, others, setup, keys, *values = known
            dkim = {domain: [*its, *others.get(domain, ())] for domain, its in ours.items()}
            given = iter(values)
            addresses = {
                name: tuple(Address(type=address.type, value=next(given)) for address in found)
                for name, found in args.front.addresses.items()
            }
            return records(wish.mail_names(args.settings, args.front.exchangers, addresses, dkim, setup, keys))

        return pulumi.Output.all(args.keys.records, server_made, self._setup, self._tls_keys, *flat).apply(made)

    def _written(self, found: Sequence[Record]) -> dict[str, str]:
        return {zone: zone_file(zone, inside) for zone, inside in by_zone(found, self._zones).items()}

    def _gate(self) -> local.Command:
        """One edge for each record instead of one to each node."""
        return local.Command(
            f"{self._name}-gate",
            create=": # the cluster is proved and mail can leave it: the world may be told",
            add_previous_output_in_env=False,
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._args.front.ready),
        )

    def _at_hetzner(self) -> tuple[list[pulumi.Resource], list[pulumi.Resource]]:
        """Record sets, and those of signing keys: all but addresses, digest, and keys that are not made yet, are known
        in a preview.
        """
        args = self._args
        options = pulumi.ResourceOptions(parent=self, depends_on=[self._gate()])
        names = wish.mail_names(
            args.settings,
            args.front.exchangers,
            args.front.addresses,
            args.keys.records,
            self._setup,
            self._tls_keys,
        )
        sets = hetzner.record_sets(self._name, by_zone(records(names), self._zones), options)
        server_made: list[pulumi.Resource] = []
        for domain in self._server_made:
            # Relative to the zone, whatever the selectors turn out to be.
            shape = Record(name=f"_domainkey.{domain}", type="TXT", ttl=args.settings.dns.ttl, values=())
            ((zone, (relative,)),) = ((z, i) for z, i in by_zone([shape], self._zones).items() if i)
            keys = args.directory.dkim[domain]
            server_made += hetzner.signing_keys(f"{self._name}-{domain}", zone, relative, keys, options)
        ours = [step for record, step in sets if "._domainkey" in record.name]
        return [*(step for _, step in sets), *server_made], [*ours, *server_made]
