"""MTA-STS (RFC 8461): the policy that the mail server shows by HTTPS, and the id by which senders see it change."""

import hashlib

from components.dns.names import MailNames

# A policy is kept so long, and the mail servers that it names must be there so long.
_MAX_AGE_SECONDS = 7 * 24 * 60 * 60


def mta_sts_policy(names: MailNames) -> str:
    """The text at `https://mta-sts.DOMAIN/.well-known/mta-sts.txt`, the same for every domain."""
    exchangers = sorted(set(names.exchangers)) if names.mta_sts != "none" else []
    lines = ["version: STSv1", f"mode: {names.mta_sts}", *(f"mx: {exchanger}" for exchanger in exchangers)]
    return "\r\n".join([*lines, f"max_age: {_MAX_AGE_SECONDS}", ""])


def policy_id(names: MailNames) -> str:
    """Letters and digits, at most 32 of them, that change with the policy."""
    return hashlib.sha256(mta_sts_policy(names).encode()).hexdigest()[:32]
