"""The signing keys of the domains (DKIM), which the server makes some time after a domain."""

from collections.abc import Mapping
from typing import Any

from lib.stalwart.jmap import Client

_KINDS = 2  # one Ed25519, one RSA


def is_ready(client: Client, ids: Mapping[str, str]) -> bool:
    """Whether each domain has its two keys."""
    answers = client.call(*(("x:DkimSignature/query", {"filter": {"domainId": one}}) for one in ids.values()))
    return all(len(answer["ids"]) >= _KINDS for answer in answers)


def records(client: Client, ids: Mapping[str, str]) -> dict[str, list[list[str]]]:
    """Domain -> selector and text of the record of each of its keys, in the order of their kinds."""
    (answer,) = client.call(("x:DkimSignature/get", {"ids": None}))
    found = {}
    for name, identity in ids.items():
        keys = [item for item in answer["list"] if item["domainId"] == identity]
        keys.sort(key=lambda item: (item["@type"], item["selector"]))
        found[name] = [[item["selector"], _text(item)] for item in keys]
    return found


def _text(signature: Mapping[str, Any]) -> str:
    kind = "ed25519" if "Ed25519" in signature["@type"] else "rsa"
    return f"v=DKIM1; k={kind}; h=sha256; p={signature['publicKey']}"
