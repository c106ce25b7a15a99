"""What the records are made from, and what they are. Names are absolute, in lower case, without the last dot."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

RecordType = Literal["A", "AAAA", "CAA", "CNAME", "MX", "SRV", "TXT"]


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
class MailNames:
    """A mail cluster as the world sees it."""

    hostname: str
    """The service: where programs connect."""

    outgoing: str
    """Has the addresses of all that send."""

    exchangers: tuple[str, ...]
    """Where mail for the domains is handed in."""

    addresses: Mapping[str, tuple[Address, ...]]
    domains: tuple[str, ...]
    sieve: bool
    submission: bool
    dmarc: str
    """`none`, `quarantine` or `reject`."""

    reports: str
    """Mailbox of each domain that gets the reports of other servers."""

    caa: tuple[str, ...]
    """Who may issue certificates; empty: anybody."""

    mta_sts: str
    """`none`, `testing` or `enforce`."""

    relay_spf: str | None = None
    """Whose SPF record lists the addresses of the relay that mail leaves through."""

    ttl: int
    dkim: Mapping[str, tuple[tuple[str, Any], ...]] = field(default_factory=dict)
    """Selectors of each domain, with the text of their signing keys."""
