"""The signing keys of the domains at the server: read, and written in batches."""

from collections.abc import Mapping, Sequence

from lib.directory.keys import Signature, signature
from lib.stalwart import batch
from lib.stalwart.change import Change
from lib.stalwart.jmap import Client
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
        Failed: the server's reasons, of all that it refused in one call. No key is in them.
    """
    secrets = {what: {"privateKey": {"@type": "Text", "secret": key}} for what, key in (private or {}).items()}
    return batch.write(client, changes, about="signing keys", secrets=secrets, at_once=_AT_ONCE)
