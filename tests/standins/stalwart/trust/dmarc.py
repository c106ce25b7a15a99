"""DMARC (RFC 7489): does what passed speak for the author's domain, and what does that domain ask for otherwise?"""

from collections.abc import Iterable
from dataclasses import dataclass

from .names import Names, NoAnswer


@dataclass(frozen=True)
class Outcome:
    """For the domain in From."""

    domain: str
    result: str
    """pass, fail, none where there is no policy, temperror where nobody says whether there is one"""
    policy: str
    """none, quarantine or reject"""


def check(names: Names, author: str, spf_domain: str, spf: str, signed_by: Iterable[str]) -> Outcome:
    """The outcome for an author's domain.

    Args:
        spf_domain: of the envelope's sender.
        spf: the result for it.
        signed_by: the domains whose signatures hold.
    """
    try:
        tags = _policy(names, author)
    except NoAnswer:
        return Outcome(author, "temperror", "none")
    if not tags:
        return Outcome(author, "none", "none")
    policy = tags.get("p", "none")
    if author != _organisation(author) and "sp" in tags and tags["at"] != author:
        policy = tags["sp"]
    by_spf = spf == "pass" and _aligned(spf_domain, author, tags.get("aspf", "r"))
    by_dkim = any(_aligned(domain, author, tags.get("adkim", "r")) for domain in signed_by)
    return Outcome(author, "pass" if by_spf or by_dkim else "fail", policy.lower())


def _policy(names: Names, author: str) -> dict[str, str]:
    for domain in dict.fromkeys((author, _organisation(author))):
        for text in names.texts(f"_dmarc.{domain}"):
            if text.lower().replace(" ", "").startswith("v=dmarc1"):
                pairs = (part.partition("=") for part in text.split(";") if "=" in part)
                return {name.strip().lower(): value.strip() for name, _, value in pairs} | {"at": domain}
    return {}


def _aligned(domain: str, author: str, mode: str) -> bool:
    return domain == author or (mode.lower() != "s" and _organisation(domain) == _organisation(author))


def _organisation(domain: str) -> str:
    """Of the last two labels: nothing here has a longer public suffix."""
    return ".".join(domain.split(".")[-2:])
