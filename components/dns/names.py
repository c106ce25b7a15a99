"""What the records are made from, and what they are. Names are absolute, in lower case, without the last dot."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

RecordType = Literal["A", "AAAA", "CAA", "CNAME", "MX", "SRV", "TLSA", "TXT"]


@dataclass(frozen=True, kw_only=True)
class Address:
    """One address by which the world reaches a name."""

    type: Literal["A", "AAAA"]
    value: Any  # text, or the engine's promise of it: a server has its address only when it is made


@dataclass(frozen=True, kw_only=True)
class Record:
    """All records of one name and type, which have one owner and change together."""

    name: str
    type: RecordType
    ttl: int
    values: tuple[Any, ...]
    """As a zone file has them (`10 mx1.mail.example.org.`), but TXT bare: no quotes, any length. Addresses and signing
    keys may be promises of the engine.
    """


@dataclass(frozen=True, kw_only=True)
class MailDomain:
    """A domain, or another name of one: mail comes to both, and goes out from both."""

    name: str
    dmarc: str = "none"
    """`none`, `quarantine` or `reject`."""

    dkim: tuple[tuple[str, Any], ...] = ()
    """Selectors, with the text of their signing keys. The server signs for an alias by the keys of its domain."""


@dataclass(frozen=True, kw_only=True)
class MailNames:
    """A mail cluster as the world sees it."""

    hostname: str
    """The service: where programs connect."""

    outgoing: str
    """Has the addresses of all that send."""

    exchangers: tuple[str, ...]
    """Where mail for the domains is handed in."""

    addresses: Mapping[str, tuple[Address, ...]]
    domains: tuple[MailDomain, ...]
    sieve: bool
    submission: bool
    reports: str
    """Who gets the reports of other servers: a mailbox of each domain, or one address for all."""

    caa: tuple[str, ...]
    """Who may issue certificates, as the property `issue` has it; empty: anybody."""

    mta_sts: str
    """`none`, `testing` or `enforce`."""

    relay_spf: str | None = None
    """Whose SPF record lists the addresses of the relay that mail leaves through."""

    ttl: int
    setup: Any = None
    """The text that has the digest of the document by which programs set themselves up; None: none is told."""

    keys: tuple[Any, ...] = ()
    """The public keys that the mail servers show in TLS, as TLSA has them; only where the zones are signed."""
