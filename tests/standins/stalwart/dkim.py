"""Signing keys as the real server keeps them: checked when they come, the public part taken from the private one."""

import base64
import subprocess
import time
from collections.abc import Callable, Mapping
from typing import Any

from .refused import Refused
from .store import Store, Transaction

KINDS = {"Dkim1Ed25519Sha256": "ed25519", "Dkim1RsaSha256": "rsa"}
STAGES = ("pending", "active", "retiring", "retired")
_TASKS = b"task/dkim/"

# Before the key itself in SubjectPublicKeyInfo: the number of each algorithm.
_RSA, _ED25519 = bytes.fromhex("06092a864886f70d010101"), bytes.fromhex("06032b6570")
_ED25519_BYTES = 32

Object = dict[str, Any]


def kept(value: Object, before: Object | None, patch: Mapping[str, Any], domains: Mapping[str, Any]) -> Object:
    """A signature with what the server adds, or its refusal.

    Raises:
        Refused: as the real one says it.
    """
    for name in ("publicKey", "createdAt"):
        if before is not None and name in patch:
            raise Refused("invalidPatch", description="Cannot modify server set property", properties=[name])
    if value["stage"] not in STAGES:
        text = f'Invalid value Str("{value["stage"]}") for enum type Active.'
        raise Refused("invalidPatch", description=text, properties=["stage"])
    # Another kind begins with nothing, as the caller has it.
    if before is None or "privateKey" in patch or value["@type"] != before["@type"]:
        value = {**value, "publicKey": _public(value)}
    if value["domainId"] not in domains:
        detail = {"object": "Domain", "id": value["domainId"]}
        raise Refused("invalidForeignKey", objectId=detail)
    if before is None:
        value["createdAt"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return value


def masked(value: Object, mask: str) -> Object:
    """As it is shown: the private key never is."""
    return {**value, "privateKey": {**value["privateKey"], "secret": mask}} if "privateKey" in value else value


def ask_for_keys(transaction: Transaction, identity: str) -> None:
    """Have keys made for a domain, some time later."""
    transaction.set(_TASKS + identity.encode(), b"1")


def make_keys(
    store: Store, signatures: Callable[[], Mapping[str, Object]], create: Callable[[str, Object], Any]
) -> None:
    """Make the keys that were asked for: of each kind that has none which signs. They sign at once."""

    def claimed(transaction: Transaction) -> list[str]:
        tasks = [key for key, _ in transaction.get_range(_TASKS)]
        for key in tasks:
            transaction.clear(key)
        return [key.removeprefix(_TASKS).decode() for key in tasks]

    for identity in store.transact(claimed):
        here = [value for value in signatures().values() if value["domainId"] == identity]
        for kind, name in KINDS.items():
            if not any(value["@type"] == kind and value["stage"] == "active" for value in here):
                day = time.strftime("%Y%m%d", time.gmtime())
                secret = {"@type": "Text", "secret": _private(name)}
                made = {"@type": kind, "domainId": identity, "selector": f"v1-{name}-{day}", "privateKey": secret}
                create("DkimSignature", made)


def _private(kind: str) -> str:
    options = ["-pkeyopt", "rsa_keygen_bits:2048"] if kind == "rsa" else []
    return _openssl("genpkey", "-algorithm", kind.upper(), *options).decode()


def _public(value: Object) -> str:
    secret = (value.get("privateKey") or {}).get("secret", "")
    lacking = [name for name, given in (("secret", secret), ("selector", value["selector"])) if not given]
    if lacking:
        _refuse(f"DKIM signature validation failed, details = [Property '{lacking[0]}' is required]")
    kind = KINDS[value["@type"]]
    label = kind.upper()
    try:
        data = _openssl("pkey", "-pubout", "-outform", "DER", text=secret)
    except subprocess.CalledProcessError:
        _refuse(f"Cryptography layer error: InvalidEncoding, details = Failed to build {label} key")
    if (_RSA if kind == "rsa" else _ED25519) not in data:
        _refuse(f"Cryptography layer error: WrongAlgorithm, details = Failed to build {label} key")
    return base64.b64encode(data if kind == "rsa" else data[-_ED25519_BYTES:]).decode()


def _refuse(reason: str) -> None:
    text = f"Failed to validate DKIM signature: DKIM build error (dkim.build-error): reason = {reason}"
    raise Refused("invalidProperties", description=text)


def _openssl(*arguments: str, text: str = "") -> bytes:
    """A key goes in by a pipe, never by a file or an argument."""
    done = subprocess.run(["openssl", *arguments], input=text.encode(), capture_output=True, check=True)
    return done.stdout
