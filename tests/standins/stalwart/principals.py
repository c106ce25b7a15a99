"""Accounts, groups and lists as the real server keeps them: whose an address is, what refers to what, which passwords
it takes. Source: the recorded answers, and principal.rs, secret.rs and write.rs of 0.16.19.
"""

import base64
import hashlib
import json
import re
import secrets
import subprocess
from collections.abc import Iterator
from typing import Any

from .refused import Refused
from .store import Transaction

Object = dict[str, Any]

_WEAK = re.compile(r"(password|12345|qwerty|letmein)", re.IGNORECASE)
_LEAST_PASSWORD, _LONGEST_PASSWORD = 8, 128
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*")
# Some of the hashes that are taken as such; others are not made here.
_HASH = re.compile(
    r"\$6\$(rounds=\d+\$)?[A-Za-z0-9./]{1,16}\$[A-Za-z0-9./]{86}|\$2[abxy]\$\d\d\$[A-Za-z0-9./]{53}"
    r"|\{SSHA512\}[A-Za-z0-9+/]{87,}={0,2}|\$argon2id\$v=\d+\$[a-z]=\d+(,[a-z]=\d+)*\$[A-Za-z0-9+/]{4,}\$[A-Za-z0-9+/]{14,}"
)
_SHA512_BYTES = 64
_SEALED = "{sealed}"
TYPES = frozenset({"Account", "MailingList"})
_ONLY_USERS = frozenset({"credentials", "memberGroupIds", "encryptionAtRest"})
_DOMAIN, _GROUP, _KEY = "Domain", "Account", "PublicKey"


def kept(name: str, value: Object, before: Object | None) -> Object:
    """An object as it is kept, or its refusal.

    Raises:
        Refused: as the real one says it.
    """
    if before is not None and value.get("@type") != before.get("@type"):
        text = "Cannot change the type of an existing account."
        raise Refused("invalidProperties", description=text, properties=["@type"])
    if value.get("@type") == "Group":
        if used := _ONLY_USERS & {key for key, part in value.items() if part not in ({}, {"@type": "Disabled"})}:
            raise Refused("invalidPatch", description="Invalid property", properties=[min(used)])
        value = {key: part for key, part in value.items() if key not in _ONLY_USERS}
    value["name"] = _local(value["name"])
    if value.get("description") == "":
        raise Refused("invalidPatch", description="Invalid value for property.", properties=["description"])
    for alias in value["aliases"].values():
        alias["name"] = _local(alias.get("name") or "")
        alias.setdefault("enabled", True)
        alias.setdefault("description", None)
    if name == "MailingList":
        value["recipients"] = {_address(text): True for text in value["recipients"]}
    if "credentials" in value:
        _seal(value, before)
    return value


def claims(name: str, value: Object) -> Iterator[bytes]:
    """What is one object's only."""
    if name in TYPES:
        for item in (value, *value["aliases"].values()):
            yield f"unique/email/{item['domainId']}/{item['name']}".encode()
    if name == "MemoryLookupKeyValue":
        yield f"unique/namespace/{value['namespace']}/{value['key']}".encode()


def references(name: str, value: Object) -> Iterator[tuple[str, str, str]]:
    """Type, id and variant of each object that one needs."""
    if name in TYPES:
        for item in (value, *value["aliases"].values()):
            yield _DOMAIN, item["domainId"], ""
        for identity in value.get("memberGroupIds") or {}:
            yield _GROUP, identity, "Group"
    if key := (value.get("encryptionAtRest") or {}).get("publicKey"):
        yield _KEY, key, ""
    if name == _KEY:
        yield "Account", value["accountId"], ""
    if name == "DkimSignature":
        yield _DOMAIN, value["domainId"], ""


def claim(transaction: Transaction, name: str, identity: str, value: Object, before: Object | None) -> None:
    """Take what is one's only, and give back what is not wanted any more.

    Raises:
        Refused: another object has it, or what it refers to is not there.
    """
    for kind, other, variant in references(name, value):
        text = transaction.get(f"object/{kind}/{other}".encode())
        if text is None or (variant and json.loads(text)["@type"] != variant):
            raise Refused("invalidForeignKey", objectId={"object": kind, "id": other})
    now, then = [*claims(name, value)], [*claims(name, before)] if before is not None else []
    for key in now:
        owner = (transaction.get(key) or b"").decode()
        if owner and owner != f"{name}/{identity}":
            kind, _, other = owner.partition("/")
            prop = key.decode().split("/")[1]
            raise Refused("primaryKeyViolation", properties=[prop], objectId={"object": kind, "id": other})
        transaction.set(key, f"{name}/{identity}".encode())
    for key in {*then} - {*now}:
        transaction.clear(key)


def release(transaction: Transaction, name: str, identity: str) -> None:
    """Give everything back before an object goes. An account's keys hold it not, and go some time after it.

    Raises:
        Refused: others refer to it.
    """
    linked = [
        {"object": kind, "id": key.decode().rsplit("/", 1)[1]}
        for kind in (*sorted(TYPES), "DkimSignature")
        if name in {_DOMAIN, _GROUP, _KEY}
        for key, text in transaction.get_range(f"object/{kind}/".encode())
        if (name, identity) in {(to, other) for to, other, _ in references(kind, json.loads(text))}
    ]
    if linked:
        raise Refused("objectIsLinked", objectId={"object": name, "id": identity}, linkedObjects=linked)
    if text := transaction.get(f"object/{name}/{identity}".encode()):
        for key in claims(name, json.loads(text)):
            transaction.clear(key)


def shown(value: Object, names: dict[str, str], mask: str) -> Object:
    """As it is shown: with its address, and passwords never."""
    found = {**value, "emailAddress": f"{value['name']}@{names.get(value['domainId'], '')}"}
    if "credentials" in value:
        found["credentials"] = {key: {**part, "secret": mask} for key, part in value["credentials"].items()}
    return found


def addresses(account: Object) -> set[tuple[str, str]]:
    """Name and domain of each address of it that is in use."""
    return {
        (item["name"], item["domainId"])
        for item in (account, *account["aliases"].values())
        if item.get("enabled", True)
    }


def may_log_in(account: Object) -> bool:
    """Whether its permissions allow it to log in at all."""
    permissions = account.get("permissions") or {}
    if "authenticate" in permissions.get("disabledPermissions", {}):
        return False
    return permissions.get("@type") != "Replace" or "authenticate" in permissions.get("enabledPermissions", {})


def opens(account: Object, password: str) -> bool:
    """Whether a password is one of an account's."""
    return any(_matches(part["secret"], password) for part in account.get("credentials", {}).values())


def _local(text: str) -> str:
    name = "".join(text.split()).lower()
    if not _LOCAL.fullmatch(name):
        raise Refused("invalidPatch", description="Invalid email local part", properties=["name"])
    return name


def _address(text: str) -> str:
    local, at, domain = text.lower().rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or "." not in domain:
        raise Refused("invalidPatch", description="Invalid email address", properties=["recipients"])
    return f"{local}@{domain.encode('idna').decode()}"


def _seal(account: Object, before: Object | None) -> None:
    """Passwords are kept as hashes; weak ones are refused, and more than one."""
    passwords = [part for part in account["credentials"].values() if part["@type"] == "Password"]
    if len(passwords) > 1:
        text = "Only one password credential is allowed."
        raise Refused("invalidProperties", description=text, properties=["credentials"])
    known = {part.get("secret") for part in (before or {}).get("credentials", {}).values()}
    for part in account["credentials"].values():
        secret = part.get("secret", "")
        if secret in known:
            continue
        if part["@type"] != "Password":
            text = "Secondary credentials cannot be set directly."
            raise Refused("invalidProperties", description=text, properties=["credentials"])
        if _HASH.fullmatch(secret):
            continue
        if not _LEAST_PASSWORD <= len(secret) <= _LONGEST_PASSWORD or _WEAK.search(secret):
            text = "Password is too weak. Add another word or two. Uncommon words are better."
            raise Refused("invalidProperties", description=text, properties=["secret"])
        salt = secrets.token_hex(8)
        part["secret"] = _SEALED + salt + hashlib.sha256((salt + secret).encode()).hexdigest()


def _matches(kept_as: str, password: str) -> bool:
    if kept_as.startswith(_SEALED):
        sealed = kept_as.removeprefix(_SEALED)
        return hashlib.sha256((sealed[:16] + password).encode()).hexdigest() == sealed[16:]
    if kept_as.startswith("{SSHA512}"):
        data = base64.b64decode(kept_as.removeprefix("{SSHA512}"))
        digest, salt = data[:_SHA512_BYTES], data[_SHA512_BYTES:]
        return hashlib.sha512(password.encode() + salt).digest() == digest
    if kept_as.startswith("$6$"):
        line = ["openssl", "passwd", "-6", "-salt", kept_as.split("$")[2], "-stdin"]
        done = subprocess.run(line, input=password, capture_output=True, text=True, check=False)
        return done.stdout.strip() == kept_as
    return False
