"""How a node encrypts what comes in for an account, by what it knows of the account."""

from ..registry import Registry
from .keys import read
from .seal import is_encrypted, sealed


class Sealing:
    """A key is read once for an account, and again when the account's setting is another, or after a restart.

    So a key that ends meanwhile is known and fails at each mail; one that has ended before it is read is none, and mail
    is stored in clear. Source: crates/common/src/cache/principals.rs and .../invalidate.rs of 0.16.19.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[str, tuple[dict[str, str], tuple[str, str] | None]] = {}

    def incoming(self, account: str, raw: bytes) -> bytes:
        """A mail as it is stored.

        Raises:
            Unsealed: it cannot be encrypted, and must not be stored in clear.
        """
        if not self._registry.all("Email", cached=True)["singleton"]["encryptAtRest"] or is_encrypted(raw):
            return raw
        setting = self._registry.all("Account", cached=True)[account].get("encryptionAtRest") or {"@type": "Disabled"}
        key = self._key(account, setting)
        return sealed(raw, *key, setting["@type"]) if key else raw

    def _key(self, account: str, setting: dict[str, str]) -> tuple[str, str] | None:
        known = self._known.get(account)
        if known is None or known[0] != setting:
            known = self._known[account] = (setting, self._read(setting.get("publicKey", "")))
        return known[1]

    def _read(self, identity: str) -> tuple[str, str] | None:
        found = self._registry.all("PublicKey").get(identity)
        try:
            method = read(found["key"]) if found else None
        except ValueError:
            method = None
        return (method, found["key"]) if method and found else None
