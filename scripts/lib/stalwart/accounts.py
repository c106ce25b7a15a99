"""The two accounts that are ours: the administrator and the probe. Made once; nobody else's is ever touched."""

from typing import Any

from lib.console import Failed, log
from lib.stalwart.jmap import Client, Refused
from lib.stalwart.listing import every
from lib.stalwart.service import login_works
from lib.stalwart.wish import Wish


def ensure(client: Client, wish: Wish, admin_password: str, probe_password: str) -> list[str]:
    """Create the accounts that are missing; what was made, in words."""
    domain = next(item["id"] for item in every(client, "Domain", ("id", "name")) if item["name"].lower() == wish.domain)
    made = []
    if not login_works(wish.admin_login, admin_password):
        value = account(wish.admin, domain, "Administrator, made by stalwart-cluster", "Admin", admin_password)
        made += _create(client, f"administrator {wish.admin_login}", value)
    if not login_works(wish.probe_login, probe_password):
        value = account(wish.probe, domain, "Proves the cluster at every change", "User", probe_password)
        made += _create(client, f"probe {wish.probe_login}", value, probe_password)
    return made


def account(name: str, domain: str, description: str, role: str, password: str) -> dict[str, Any]:
    """A person's account as it is created.

    Args:
        domain: id of its domain.
        role: `User` or `Admin`.
    """
    return {
        "@type": "User",
        "name": name,
        "domainId": domain,
        "description": description,
        "roles": {"@type": role},
        "credentials": {"0": {"@type": "Password", "secret": password}},
    }


def _create(client: Client, what: str, value: dict[str, Any], new_password: str | None = None) -> list[str]:
    """Create an account. One that exists keeps its password, unless a new one is given: only the probe's is ours."""
    log(f"account: {what}")
    try:
        client.call(("x:Account/set", {"create": {"new": value}}))
    except Refused as refusal:
        if refusal.kind != "primaryKeyViolation" or not refusal.target_id:
            raise Failed(f"the mail server refused the account {what}: {refusal}") from None
        if new_password is None:
            raise Failed(
                f"the account {what} exists with another password than the stack's",
                "tell the stack the present one: pulumi config set --secret stalwart-cluster:admin_password",
            ) from None
        # Only the secret: writing `credentials` whole would take the account's other passwords away.
        client.call(("x:Account/set", {"update": {refusal.target_id: {"credentials/0/secret": new_password}}}))
    return [what]
