"""Objects in the database: read, create, patch, with the refusals the real server gives."""

import copy
import json
import threading
import time
from typing import Any

from . import acme, certificates, dkim, principals
from .defaults import FIELDS, SINGLETONS, UNIQUE, VARIANTS, Object, first_objects
from .encryption import keys
from .refused import Refused
from .store import Store, Transaction

_ALPHABET = "abcdefghijklmnopqrstuvwxyz792013"
MASK = "****"


def encode(number: int) -> str:
    """The server's way to write a number as an id."""
    text = ""
    while True:
        number, rest = divmod(number, len(_ALPHABET))
        text = _ALPHABET[rest] + text
        if not number:
            return text


def decode(text: str) -> int:
    """The number of an id.

    >>> decode(encode(70000))
    70000
    """
    number = 0
    for letter in text:
        number = number * len(_ALPHABET) + _ALPHABET.index(letter)
    return number


class Registry:
    """All objects, through the store; domains and accounts through a cache that only a broadcast refreshes."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._cache: dict[str, dict[str, Object]] = {}
        self._lock = threading.RLock()

    def insert_defaults(self) -> None:
        """Each group of defaults, where no object of its type exists."""

        def body(transaction: Transaction) -> None:
            made = first_objects()
            empty = {name for name, _ in made if not transaction.get_range(_prefix(name))}
            for index, (name, value) in enumerate(made):
                if name in empty:
                    transaction.set(
                        _key(name, f"jp3{encode(time.time_ns() // 1000 + index)}"), json.dumps(value).encode()
                    )

        self.store.transact(body)

    def all(self, name: str, *, cached: bool = False) -> dict[str, Object]:
        """Id -> object."""
        with self._lock:
            if cached and name in self._cache:
                return copy.deepcopy(self._cache[name])
        pairs = self.store.transact(lambda transaction: transaction.get_range(_prefix(name)))
        found = {key.decode().rsplit("/", 1)[1]: json.loads(value) for key, value in pairs}
        if name in SINGLETONS and not found:
            found = {"singleton": _unwritten(name)}
        with self._lock:
            self._cache[name] = found
        return copy.deepcopy(found)

    def is_written(self, name: str) -> bool:
        """Whether a singleton was ever set: until then it has defaults, and no question for all lists it."""
        return bool(self.store.transact(lambda transaction: transaction.get_range(_prefix(name))))

    def invalidate(self) -> None:
        """Forget what was cached."""
        with self._lock:
            self._cache.clear()

    def create(self, name: str, value: Object) -> str:
        """Make an object; its id."""
        if name == "QueuedMessage":
            raise Refused("forbidden", description="Queued messages cannot be created")
        self._check_properties(name, value)
        made = {**copy.deepcopy(_fields(name, value)), **value}
        if name == "Domain":
            made["name"] = _domain(made["name"])
            made["createdAt"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        if name == "AllowedIp":
            made["address"] = made["address"].removesuffix("/128" if ":" in made["address"] else "/32")
        if name in principals.TYPES:
            made = principals.kept(name, made, None)
            made["createdAt"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        if name == "DkimSignature":
            made = dkim.kept(made, None, value, self.all("Domain"))
        if name == "Certificate":
            made = certificates.kept(made, None, value)
        if name == "PublicKey":
            made = keys.kept(made, self.all(name).values())
        if name == "AcmeProvider":
            made = acme.account(made, None, value)
        if name == "DnsServer":
            made = acme.name_server(made)
        if name == "Task" and made["domainId"] not in self.all("Domain"):
            raise Refused("invalidForeignKey", objectId={"object": "Domain", "id": made["domainId"]})
        begins = name == "Domain" and acme.managed(made, None, self.all)

        def body(transaction: Transaction) -> str:
            if unique := UNIQUE.get(name):
                for key, text in transaction.get_range(_prefix(name)):
                    other = json.loads(text)
                    if all(other[part] == made[part] for part in unique):
                        identity = key.decode().rsplit("/", 1)[1]
                        raise Refused(
                            "primaryKeyViolation", properties=list(unique), objectId={"object": name, "id": identity}
                        )
            counter = int(transaction.get(b"count/" + name.encode()) or b"1")
            transaction.set(b"count/" + name.encode(), str(counter + 1).encode())
            identity = encode(counter)
            principals.claim(transaction, name, identity, made, None)
            transaction.set(_key(name, identity), json.dumps(made).encode())
            if name == "Domain" and made["dkimManagement"]["@type"] == "Automatic":
                dkim.ask_for_keys(transaction, identity)
            if begins:
                self._schedule(transaction, identity)
            return identity

        return str(self._changed(self.store.transact(body)))

    def update(self, name: str, identity: str, patch: Object) -> None:
        """Change properties; `a/b/c` reaches inside."""
        self._check_properties(name, patch)
        domains = self.all("Domain") if name == "DkimSignature" else {}
        others = {kind: self.all(kind) for kind in ("DnsServer", "AcmeProvider")} if name == "Domain" else {}

        def body(transaction: Transaction) -> None:
            found = transaction.get(_key(name, identity))
            if found is None and name not in SINGLETONS:
                raise Refused("notFound")
            value = json.loads(found) if found else _unwritten(name)
            before = copy.deepcopy(value)
            if patch.get("@type", value.get("@type")) != value.get("@type") and name not in principals.TYPES:
                # Another variant has other properties.
                value = {"@type": patch["@type"]} if patch["@type"] == "Disabled" else copy.deepcopy(FIELDS[name])
            for path, part in patch.items():
                *parents, last = path.split("/")
                here = value
                for parent in parents:
                    here = here.setdefault(parent, {})
                if part is None and parents:
                    here.pop(last, None)
                elif part != MASK:
                    here[last] = part
            if name in principals.TYPES:
                value = principals.kept(name, value, before)
            if name == "DkimSignature":
                value = dkim.kept(value, before, patch, domains)
            principals.claim(transaction, name, identity, value, before)
            if name == "Certificate":
                value = certificates.kept(value, before, patch)
            if name == "PublicKey":
                value = keys.kept(value, ())
            if name == "AcmeProvider":
                value = acme.account(value, before, patch)
            if name == "DnsServer":
                value = acme.name_server(value)
            if name == "Domain" and _turns_automatic("dkimManagement", before, value):
                dkim.ask_for_keys(transaction, identity)
            if name == "Domain" and acme.managed(value, before, others.__getitem__):
                self._schedule(transaction, identity)
            transaction.set(_key(name, identity), json.dumps(value).encode())

        self._changed(self.store.transact(body))

    def destroy(self, name: str, identity: str) -> None:
        """Remove an object."""
        if identity not in self.all(name):
            raise Refused("notFound")
        if name in {"DnsServer", "AcmeProvider"}:
            acme.unlinked(name, identity, self.all("Domain"))

        def body(transaction: Transaction) -> None:
            principals.release(transaction, name, identity)
            transaction.clear(_key(name, identity))

        self._changed(self.store.transact(body))

    @staticmethod
    def _schedule(transaction: Transaction, domain: str) -> None:
        """Have a certificate asked for, as soon as somebody looks."""
        now = time.time()
        transaction.set(_key("Task", encode(time.time_ns() // 1000)), json.dumps(acme.task(domain, now)).encode())

    def _changed(self, result: Any) -> Any:
        self.invalidate()
        return result

    @staticmethod
    def _check_properties(name: str, value: Object) -> None:
        if (value.get("authSecret") or {}).get("secret") == "":
            raise Refused("invalidPatch", description="Invalid value for property.", properties=["authSecret/secret"])
        mode = value.get("mode") if name == "MtaSts" else None
        if mode is not None and mode not in {"enforce", "testing", "disable"}:
            text = f'Invalid value Str("{mode}") for enum type Disable.'
            raise Refused("invalidPatch", description=text, properties=["mode"])
        for path in value:
            if path.split("/")[0] not in {*FIELDS[name], "@type"}:
                raise Refused("invalidPatch", description="Invalid property", properties=[path])


def _fields(name: str, value: Object) -> Object:
    variants = VARIANTS.get(name)
    return variants[value["@type"]] if variants else FIELDS[name]


def _unwritten(name: str) -> Object:
    """A singleton that nobody set yet."""
    return {"@type": "Disabled"} if name == "Coordinator" else copy.deepcopy(FIELDS[name])


def _turns_automatic(management: str, before: Object, after: Object) -> bool:
    """Only then something is done: a change of what is managed already waits for the next time."""
    was, is_now = (value[management]["@type"] == "Automatic" for value in (before, after))
    return is_now and not was


def _prefix(name: str) -> bytes:
    return b"object/" + name.encode() + b"/"


def _key(name: str, identity: str) -> bytes:
    return _prefix(name) + identity.encode()


def _domain(name: str) -> str:
    text = name.strip().encode("idna").decode().lower() if " " not in name else ""
    labels = text.split(".")
    if len(labels) < 2 or labels[-1] in {"example", "localhost"}:  # a single label is none
        raise Refused("invalidPatch", description="Invalid domain name", properties=["name"])
    return text
