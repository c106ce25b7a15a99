"""What the server finds of a mail from outside, and how it writes it down (RFC 8601)."""

from dataclasses import dataclass
from email import message_from_bytes, policy
from email.utils import parseaddr

from . import dmarc, signatures, spf
from .names import Names, NoAnswer


@dataclass(frozen=True)
class Envelope:
    """How a mail came."""

    address: str
    """of who brought it"""
    greeting: str
    sender: str


@dataclass(frozen=True)
class Findings:
    """Of one mail."""

    header: str
    reverse: str
    """The reverse name of who brought it."""
    dmarc: dmarc.Outcome
    is_certain: bool
    """Whether somebody answered for all that a forgery is told by."""


def look(names: Names, envelope: Envelope, raw: bytes, server: str) -> Findings:
    """Look at a mail as the server comes: SPF twice, all signatures, the reverse name, DMARC."""
    spf_domain = envelope.sender.rpartition("@")[2].lower() or envelope.greeting
    by_greeting = spf.check(names, envelope.address, envelope.greeting)
    by_sender = spf.check(names, envelope.address, spf_domain)
    signed = list(signatures.found(raw, names))
    reverse, by_reverse = _reverse(names, envelope.address)
    author = parseaddr(str(message_from_bytes(raw, policy=policy.default)["From"] or ""))[1].rpartition("@")[2].lower()
    held = [item.domain for item in signed if item.result == "pass"]
    outcome = dmarc.check(names, author, spf_domain, by_sender, held)
    is_certain = "temperror" not in {by_sender, *(item.result for item in signed)}
    parts = [
        *(
            f"dkim={item.result} header.d={item.domain} header.s={item.selector} header.b={item.begin}"
            for item in signed
        ),
        f"spf={by_greeting} ({server}: {envelope.address} for {envelope.greeting}) smtp.helo={envelope.greeting}",
        f"spf={by_sender} ({server}: {envelope.address} for {envelope.sender}) smtp.mailfrom={envelope.sender}",
        f"iprev={by_reverse} policy.iprev={envelope.address}",
        f"dmarc={outcome.result} header.from={author} policy.dmarc={outcome.policy}",
    ]
    return Findings(
        f"Authentication-Results: {server};\r\n\t" + ";\r\n\t".join(parts) + "\r\n", reverse, outcome, is_certain
    )


def _reverse(names: Names, address: str) -> tuple[str, str]:
    """The reverse name, and whether it fits."""
    try:
        name, fits = names.fits(address)
    except NoAnswer:
        return "unknown", "temperror"
    return name, "pass" if fits else "fail"
