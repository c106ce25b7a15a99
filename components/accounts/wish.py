"""Accounts, groups and lists as one document, which scripts compare with what the server has; without passwords."""

import json
from collections.abc import Sequence
from typing import Any

from components.settings import AccountSettings, Algorithm, EncryptSettings, GroupSettings, ListSettings, Settings
from components.settings.lists import recipients

_MEBIBYTE = 1024 * 1024

# The mail server's names.
_ALGORITHMS = {
    Algorithm.AES256: "Aes256",
    Algorithm.AES128: "Aes128",
    Algorithm.AES256_GCM: "Aes256Gcm",
    Algorithm.CHACHA20_POLY1305: "ChaCha20Poly1305",
}


def document(settings: Settings) -> str:
    """JSON of scripts/lib/accounts/wish.Wish, as short as it can be: there may be thousands of them."""
    members = recipients(settings.lists)
    wish: dict[str, Any] = {
        "domains": list(settings.domain_names),
        "accounts": [_account(address, section) for address, section in sorted(settings.accounts.items())],
        "groups": [_shared(address, section) for address, section in sorted(settings.groups.items())],
        "lists": [_list(address, section, members[address]) for address, section in sorted(settings.lists.items())],
        "remove": sorted(settings.remove),
    }
    return json.dumps(wish, sort_keys=True, separators=(",", ":"))


def _account(address: str, section: AccountSettings) -> dict[str, Any]:
    return _said(
        {
            **_shared(address, section),
            "groups": list(section.groups),
            "role": "" if section.role == "user" else str(section.role),
            "enabled": None if section.enabled else False,
            "password": section.password if section.password > 1 else None,
            "encrypt": _encrypted(section.encrypt) if section.encrypt else None,
        }
    )


def _encrypted(section: EncryptSettings) -> dict[str, Any]:
    until = section.key.until.strftime("%Y-%m-%dT%H:%M:%SZ") if section.key.until else None
    return _said({"key": section.key.text, "algorithm": _ALGORITHMS[section.algorithm], "until": until})


def _shared(address: str, section: AccountSettings | GroupSettings) -> dict[str, Any]:
    quota = section.quota * _MEBIBYTE if section.quota else None
    return _said({"address": address, "name": section.name, "aliases": list(section.aliases), "quota": quota})


def _list(address: str, section: ListSettings, members: Sequence[str]) -> dict[str, Any]:
    shown = {"address": address, "name": section.name, "aliases": list(section.aliases), "members": list(members)}
    return _said(shown)


def _said(item: dict[str, Any]) -> dict[str, Any]:
    """Without what says nothing."""
    return {key: value for key, value in item.items() if value not in (None, "", [])}
