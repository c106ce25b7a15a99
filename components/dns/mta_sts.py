"""MTA-STS (RFC 8461): the policy that the mail server shows by HTTPS, and the id by which senders see it change."""

import hashlib
from collections.abc import Iterable

# A policy is kept so long, and the mail servers that it names must be there so long.
MAX_AGE_SECONDS = 7 * 24 * 60 * 60


def mta_sts_policy(mode: str, exchangers: Iterable[str]) -> str:
    """The text at `https://mta-sts.DOMAIN/.well-known/mta-sts.txt`, the same for every domain, byte by byte as the mail
    server writes it.
    """
    names = sorted(set(exchangers))
    lines = ["version: STSv1", f"mode: {mode}", f"max_age: {MAX_AGE_SECONDS}", *(f"mx: {name}" for name in names)]
    return "".join(f"{line}\r\n" for line in lines)


def policy_id(mode: str, exchangers: Iterable[str]) -> str:
    """Letters and digits, at most 32 of them, that change with the policy."""
    return hashlib.sha256(mta_sts_policy(mode, exchangers).encode()).hexdigest()[:32]
