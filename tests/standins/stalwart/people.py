"""Who may log in, who has an address, and which keys sign what they write."""

import subprocess
from typing import Any

from . import dkim
from .principals import addresses, may_log_in, opens
from .registry import Registry
from .trust.signatures import Signer

RECOVERY_ID = "d333333"


class People:
    """By the domains, accounts and keys of the database, as this node has them in its caches."""

    def __init__(self, registry: Registry, recovery: str) -> None:
        self._registry = registry
        self._recovery = recovery.partition(":")

    def login(self, login: str, password: str) -> dict[str, Any] | None:
        """The account behind a login, None when it is not accepted. The recovery administrator always is."""
        name, _, secret = self._recovery
        if name and login == name and _matches(secret, password):
            return {"id": RECOVERY_ID, "name": name, "roles": {"@type": "Admin"}}
        found = self._account(login, self._domains(aliases=False))
        if not found or not opens(found[1], password):
            return None
        return {**found[1], "id": found[0]} if may_log_in(found[1]) else None

    def recipient(self, address: str) -> str | None:
        """The id of the account with an address."""
        found = self._account(address, self._domains(aliases=True))
        return found[0] if found else None

    def is_local(self, domain: str) -> bool:
        """Whether a domain's mail is for here."""
        return domain.lower() in self._domains(aliases=True)

    def signers(self, domain: str) -> list[Signer]:
        """The keys that sign what a domain's people write: of the domain itself, also where the name is an alias."""
        identity = self._domains(aliases=True).get(domain)
        names = {value: key for key, value in self._domains(aliases=False).items()}
        return [
            Signer(
                names[identity],
                value["selector"],
                dkim.KINDS[value["@type"]],
                value["privateKey"]["secret"],
                tuple(value["headers"]),
            )
            for value in self._registry.all("DkimSignature", cached=True).values()
            if identity and value["domainId"] == identity and value["stage"] == "active"
        ]

    def _account(self, address: str, domains: dict[str, str]) -> tuple[str, dict[str, Any]] | None:
        mailbox, _, domain = address.lower().partition("@")
        for identity, account in self._registry.all("Account", cached=True).items():
            if (mailbox, domains.get(domain)) in addresses(account):
                return identity, account
        return None

    def _domains(self, *, aliases: bool) -> dict[str, str]:
        found: dict[str, str] = {}
        for identity, domain in self._registry.all("Domain", cached=True).items():
            names = [domain["name"], *(domain["aliases"] if aliases else ())]
            found |= dict.fromkeys(names, identity)
        return found


def _matches(secret: str, password: str) -> bool:
    if not secret.startswith("$6$"):
        return secret == password
    salt = secret.split("$")[2]
    line = ["openssl", "passwd", "-6", "-salt", salt, "-stdin"]
    return subprocess.run(line, input=password, capture_output=True, text=True, check=False).stdout.strip() == secret
