"""The section of the mail server, and the names that follow from it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.settings.challenge import Challenge
from components.settings.fields.mail import Domain, Mailbox
from components.settings.fields.source import PRIVATE, CertificateSource
from components.settings.limits import LimitSettings, SpamSettings
from components.settings.relay import RelaySettings
from components.settings.section import Section

PROBE = "cluster-probe"
"""The mailbox that receives and sends only the mails of the proof."""


class Downloads(StrEnum):
    """Whether the mail server fetches its web page, spam rules and address lists itself."""

    PUBLISHED = "published"
    NONE = "none"


class MailSettings(Section):
    """Stalwart on every node with the role `mail`."""

    hostname: Domain | None = Field(
        default=None,
        description="Name of the mail service, for greetings and certificates. Default: `mail.` + `domain`.",
    )
    domain: Domain | None = Field(
        default=None,
        description="The domain that holds the administrator; needed where there is more than one.",
    )
    admin: Mailbox = Field(default="admin", description="Name of the administrator's mailbox in the default domain.")
    submission: bool = Field(default=False, description="Open port 587 (STARTTLS) beside 465.")
    certificate: CertificateSource = Field(
        default=PRIVATE,
        description="`private`: of a certificate authority of the stack's own, see the output `certificate_authority`;"
        " `own`: yours; `letsencrypt`, `letsencrypt_staging` (not trusted, for trials), or the URL of another"
        " authority's ACME directory.",
    )
    certificate_challenge: Challenge = Field(
        default=Challenge.TLS_ALPN,
        description="How an authority sees that the names are yours. `tls_alpn`: on port 443 of any node; `dns`: by"
        " records that the mail servers write, for nodes whose port 443 the world does not reach (`dns.provider`"
        " `hetzner` or `rfc2136`).",
    )
    certificate_chain: str | None = Field(
        default=None,
        description="For `own`: the certificate and those of the authorities above it, in PEM, the server's own first;"
        " or the file that they are in. Its key is the secret `certificate_key`.",
    )
    store_timeout: Annotated[int, Field(ge=10, le=120)] = Field(
        default=20, description="Seconds a request waits for the database before it fails for the moment."
    )
    relay: RelaySettings | None = Field(
        default=None,
        description="Mail server of somebody else through which mail leaves, e.g. because port 25 is closed. Default:"
        " mail goes to the receiver's own mail servers.",
    )
    spam: SpamSettings = Field(default=SpamSettings(), description="What is done with spam.")
    limits: LimitSettings = Field(default=LimitSettings(), description="How much anybody may hand in.")
    downloads: Downloads = Field(
        default=Downloads.PUBLISHED,
        description="`published`: the server fetches its web page, spam rules and address lists; `none`: without them.",
    )


def default_domain(mail: MailSettings, domains: Iterable[str]) -> str:
    """The domain of the administrator: the one that is named, else the only one."""
    return mail.domain or next(iter(domains))


def own_addresses(mail: MailSettings, domains: Iterable[str]) -> tuple[str, str]:
    """The addresses of the administrator and of the probe."""
    domain = default_domain(mail, domains)
    return f"{mail.admin}@{domain}", f"{PROBE}@{domain}"


def service_name(mail: MailSettings, domains: Iterable[str]) -> str:
    """Name of the mail service."""
    return mail.hostname or f"mail.{default_domain(mail, domains)}"
