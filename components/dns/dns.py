"""The records of the mail domains: published as record sets at Hetzner, or written out as zone files to paste."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_hcloud as hcloud
from pulumi_command import local

from components.directory.directory import Directory
from components.dns import APEX, Address, MailNames, Record, by_zone, quoted, records, zone_file
from components.front.front import Front
from components.settings import DnsProvider, Settings

# The kinds of signing keys that the mail server makes for every domain, in the order in which it tells them.
DKIM_KEYS = ("ed25519", "rsa")

Dkim = Mapping[str, Sequence[Sequence[str]]]


@dataclass(frozen=True, kw_only=True)
class DnsArgs:
    """The front says what has to be done before the world is told."""

    settings: Settings
    front: Front
    directory: Directory


class Dns(pulumi.ComponentResource):
    """All records are ours: the mail server publishes none."""

    published: list[pulumi.Resource]
    """After these, the names lead to the cluster; nothing where somebody else publishes them."""

    zone_files: pulumi.Output[dict[str, str]]
    """Zone -> its records, as text that a name server reads."""

    def __init__(self, name: str, args: DnsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("stalwart-cluster:dns:Dns", name, None, opts)
        self._name, self._args = name, args
        self._zones = _zones(args.settings)
        self.published = list(args.front.ready)
        dkim: pulumi.Output[Dkim] = args.directory.dkim
        if args.settings.dns.provider is DnsProvider.HETZNER:
            self._publish(dkim)
        flat = [address.value for addresses in args.front.addresses.values() for address in addresses]
        self.zone_files = pulumi.Output.all(dkim, *flat).apply(lambda known: self._written(known[0], known[1:]))
        self.register_outputs({"zone_files": self.zone_files})

    def _names(self, addresses: Mapping[str, tuple[Address, ...]], dkim: Dkim) -> MailNames:
        settings = self._args.settings
        return MailNames(
            hostname=settings.hostname,
            outgoing=settings.outgoing,
            exchangers=self._args.front.exchangers,
            addresses=addresses,
            domains=settings.domain_names,
            sieve=settings.front.sieve,
            submission=settings.mail.submission,
            dmarc=settings.dns.dmarc,
            reports=settings.dns.dmarc_reports,
            caa=settings.dns.caa,
            mta_sts=settings.dns.mta_sts,
            relay_spf=settings.mail.relay.spf_include if settings.mail.relay else None,
            ttl=settings.dns.ttl,
            dkim={domain: tuple((key[0], key[1]) for key in keys) for domain, keys in dkim.items()},
        )

    def _written(self, dkim: Dkim, flat: Sequence[str]) -> dict[str, str]:
        """The zone files, once all addresses and signing keys are known."""
        values = iter(flat)
        addresses = {
            name: tuple(Address(type=address.type, value=next(values)) for address in found)
            for name, found in self._args.front.addresses.items()
        }
        held = by_zone(records(self._names(addresses, dkim)), self._zones)
        return {zone: zone_file(zone, inside) for zone, inside in held.items()}

    def _publish(self, dkim: pulumi.Output[Dkim]) -> None:
        """Record sets: all but addresses and signing keys are known in a preview."""
        # One edge for each record instead of one to each node.
        self._gate = local.Command(
            f"{self._name}-gate",
            create=": # the cluster is proved and mail can leave it: the world may be told",
            add_previous_output_in_env=False,
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._args.front.ready),
        )
        for zone, inside in by_zone(records(self._names(self._args.front.addresses, {})), self._zones).items():
            for record in inside:
                self._rrset(f"{self._name}-{zone}-{record.name}-{record.type}", zone, record)
        for domain in self._args.settings.domain_names:
            keys = dkim[domain]
            for index, kind in enumerate(DKIM_KEYS):
                self._signing_key(domain, kind, keys[index])

    def _signing_key(self, domain: str, kind: str, key: pulumi.Output[Sequence[str]]) -> None:
        # Relative to the zone, whatever the selector turns out to be.
        shape = Record(name=f"_domainkey.{domain}", type="TXT", ttl=self._args.settings.dns.ttl, values=())
        ((zone, (relative,)),) = ((z, i) for z, i in by_zone([shape], self._zones).items() if i)
        self._rrset(
            f"{self._name}-{domain}-dkim-{kind}",
            zone,
            Record(
                name=relative.name,
                type="TXT",
                ttl=relative.ttl,
                values=(key.apply(lambda known: known[1]),),
            ),
            key.apply(lambda known: f"{known[0]}.{relative.name}"),
        )

    def _rrset(self, resource: str, zone: str, record: Record, name: pulumi.Input[str] | None = None) -> None:
        values = [
            pulumi.Output.from_input(value).apply(quoted) if record.type == "TXT" else value for value in record.values
        ]
        record_set = hcloud.ZoneRrset(
            resource.replace(APEX, "apex").lower(),
            zone=zone,
            name=name or record.name,
            type=record.type,
            ttl=record.ttl,
            records=[hcloud.ZoneRrsetRecordArgs(value=value) for value in values],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._gate]),
        )
        self.published.append(record_set)


def _zones(settings: Settings) -> tuple[str, ...]:
    """The zones given, else one per domain, and one for the service's name where no domain holds it."""
    zones = settings.dns.zones or settings.domain_names
    held = any(f".{settings.hostname}".endswith(f".{zone}") for zone in zones)
    return zones if held else (*zones, settings.hostname)
