"""The signing keys of the domains at the server: read, and written in batches."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lib.console import Failed, log
from lib.directory.keys import Signature, signature
from lib.stalwart.change import Change
from lib.stalwart.jmap import Call, Client, Refused
from lib.stalwart.listing import every

# Keys are long, and the server works on each for some 10 ms: a request has to end in time.
_AT_ONCE = 100
_PROPERTIES = ("@type", "id", "domainId", "selector", "stage", "nextTransitionAt", "publicKey")

Keys = Mapping[str, Mapping[str, str]]
"""Domain -> selector -> key in PEM, or text of its record."""


def read(client: Client, ids: Mapping[str, str]) -> dict[str, list[Signature]]:
    """Domain -> its signing keys; none for a domain that the server does not have.

    Args:
        ids: name of each domain -> its id.
    """
    found: dict[str, list[Signature]] = {identity: [] for identity in ids.values()}
    for item in every(client, "DkimSignature", _PROPERTIES):
        found.setdefault(item["domainId"], []).append(signature(item))
    return {name: sorted(found[identity], key=lambda one: (one.kind, one.selector)) for name, identity in ids.items()}


def write(client: Client, changes: Sequence[Change], private: Mapping[str, str] | None = None) -> list[str]:
    """Make changes of signing keys; what was changed, in words.

    Args:
        private: what a change is about, by its words -> the key in PEM that goes with it.

    Raises:
        Failed: the server's reason, at the first one that it refused. No key is in it.
    """
    for start in range(0, len(changes), _AT_ONCE):
        batch = changes[start : start + _AT_ONCE]
        for change in batch:
            log(f"setting: {change.what}")
        try:
            client.call(_together(batch, private or {}))
        except Refused as refusal:
            what = _references(batch).get(refusal.reference, "signing keys")
            raise Failed(f"the mail server refused the setting {what}: {refusal}") from None
    return [change.what for change in changes]


def _together(changes: Iterable[Change], private: Mapping[str, str]) -> Call:
    """One call for many changes of signing keys."""
    merged: dict[str, Any] = {"create": {}, "update": {}, "destroy": []}
    for number, change in enumerate(changes):
        key = {"privateKey": {"@type": "Text", "secret": private[change.what]}} if change.what in private else {}
        _, arguments = change.call
        for value in (arguments.get("create") or {}).values():
            merged["create"][f"k{number}"] = {**value, **key}
        for identity, value in (arguments.get("update") or {}).items():
            merged["update"][identity] = {**value, **key}
        merged["destroy"] += arguments.get("destroy") or []
    return "x:DkimSignature/set", {verb: parts for verb, parts in merged.items() if parts}


def _references(changes: Iterable[Change]) -> dict[str, str]:
    """How the call names each change -> its words."""
    found: dict[str, str] = {}
    for number, change in enumerate(changes):
        _, arguments = change.call
        names = (
            [f"k{number}"] if "create" in arguments else [*arguments.get("update", {}), *arguments.get("destroy", [])]
        )
        found |= dict.fromkeys(names, change.what)
    return found
