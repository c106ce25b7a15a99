"""Settings of what the world sees: the front before the nodes, and the records of the mail domains."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.settings.fields import Domain, Mailbox
from components.settings.hetzner import Location
from components.settings.section import Section


class Place(StrEnum):
    """Whether the front leads anybody to a node."""

    IN = "in"
    OUT = "out"


class FrontKind(StrEnum):
    """How connections find a node that works."""

    DNS = "dns"
    LOAD_BALANCER = "load_balancer"


class DnsProvider(StrEnum):
    """Who publishes the records."""

    MANUAL = "manual"
    HETZNER = "hetzner"


class Dmarc(StrEnum):
    """What receivers shall do with mail that claims to come from a domain and does not."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"


class MtaSts(StrEnum):
    """Whether senders shall demand TLS with a valid certificate."""

    NONE = "none"
    TESTING = "testing"
    ENFORCE = "enforce"


class FrontSettings(Section):
    """What stands between the world and the nodes."""

    kind: FrontKind = Field(
        default=FrontKind.DNS,
        description="`dns`: a mail exchanger and an address record per node; `load_balancer`: a Hetzner load balancer.",
    )
    balancer_type: str = Field(default="lb11", description="Type of the load balancer.")
    balancer_location: Location | None = Field(
        default=None, description="Location of the load balancer. Default: the first of `hetzner.locations`."
    )
    sieve: bool = Field(default=False, description="Open port 4190 (filters by ManageSieve) to the world.")


class DnsSettings(Section):
    """The records, whoever publishes them."""

    provider: DnsProvider = Field(
        default=DnsProvider.MANUAL,
        description="`hetzner`: record sets in zones of Hetzner DNS; `manual`: zone files to paste, in the output.",
    )
    zones: tuple[Domain, ...] = Field(
        default=(), description="Zones at Hetzner DNS that hold the records. Default: one zone per domain."
    )
    ttl: Annotated[int, Field(ge=60, le=86400)] = Field(
        default=300, description="Seconds that resolvers may keep records."
    )
    dmarc: Dmarc = Field(
        default=Dmarc.NONE, description="Policy for mail that fails SPF and DKIM; strict only once all is seen to pass."
    )
    dmarc_reports: Mailbox = Field(default="postmaster", description="Mailbox of each domain that gets the reports.")
    mta_sts: MtaSts = Field(
        default=MtaSts.NONE, description="MTA-STS policy; needs a certificate that the world accepts."
    )
    caa: tuple[Domain, ...] = Field(
        default=("letsencrypt.org",), description="Certificate authorities that may issue for the names; empty: any."
    )
