"""The section of the records of the mail domains."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.settings.fields.mail import Domain, Reports
from components.settings.fields.name import KeyName
from components.settings.fields.network import NameServer, name_server
from components.settings.section import Section


class DnsProvider(StrEnum):
    """Who publishes the records."""

    MANUAL = "manual"
    HETZNER = "hetzner"
    RFC2136 = "rfc2136"


class TsigAlgorithm(StrEnum):
    """How updates are signed. Those that are older than SHA-2 are broken."""

    SHA256 = "hmac-sha256"
    SHA384 = "hmac-sha384"
    SHA512 = "hmac-sha512"


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


class DnsSettings(Section):
    """The records, whoever publishes them."""

    provider: DnsProvider = Field(
        default=DnsProvider.MANUAL,
        description="`hetzner`: record sets in zones of Hetzner DNS; `rfc2136`: signed updates of your own name server;"
        " `manual`: zone files to paste, in the output.",
    )
    zones: tuple[Domain, ...] = Field(
        default=(),
        description="Zones that hold the records, at Hetzner DNS or on your name server. Default: one zone per domain"
        " and per alias of one.",
    )
    server: NameServer | None = Field(
        default=None,
        description="Primary name server that takes the updates, `address` or `address:port` (`rfc2136`).",
    )
    tsig_name: KeyName | None = Field(
        default=None, description="Name of the key that signs the updates (`rfc2136`); its secret: `dns_tsig_secret`."
    )
    tsig_algorithm: TsigAlgorithm = Field(
        default=TsigAlgorithm.SHA256, description="Algorithm of that key, as the name server has it."
    )
    challenge_tsig_name: KeyName | None = Field(
        default=None,
        description="Key by which the mail servers write challenges (`mail.certificate_challenge: dns`), best one that"
        " may write nothing but TXT; its secret: `dns_challenge_secret`. Default: `tsig_name`.",
    )
    resolvers: tuple[NameServer, ...] = Field(
        default=("1.1.1.1", "8.8.8.8", "9.9.9.9"),
        description="Resolvers of the world that `make dns-check` asks; `[]`: only the domains' own name servers.",
    )
    ttl: Annotated[int, Field(ge=60, le=86400)] = Field(
        default=300, description="Seconds that resolvers may keep records."
    )
    dmarc: Dmarc = Field(
        default=Dmarc.NONE,
        description="Policy for mail that fails SPF and DKIM, of each domain that has none of its own; strict only once"
        " all is seen to pass.",
    )
    dmarc_reports: Reports = Field(
        default="postmaster",
        description="Who gets the reports of other servers: a mailbox of each domain, or one address for all domains.",
    )
    signed: bool = Field(
        default=False,
        description="The zones are signed (DNSSEC): TLSA tells the key that the mail servers show, and senders that"
        " look for it (DANE) deliver to nobody else. Needs a key that stays: `mail.certificate` `private` or `own`.",
    )
    mta_sts: MtaSts = Field(
        default=MtaSts.NONE, description="MTA-STS policy; needs a certificate that the world accepts."
    )
    caa: tuple[Domain, ...] | None = Field(
        default=None,
        description="Certificate authorities that may issue for the service's names; `[]`: any. Default: the one that"
        " `mail.certificate` asks, where it is known.",
    )

    @property
    def server_address(self) -> tuple[str, int]:
        """Address and port of the primary name server; only where there is one."""
        return name_server(str(self.server))
