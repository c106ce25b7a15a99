"""What is shown to everybody: the MTA-STS policy and the document for programs, from the settings in force."""

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .node import Node

# Service -> its part of the document: a URL below the host, or the host alone. In the order of the real one.
_PATHS = {
    "jmap": "/jmap/session",
    "imap": None,
    "pop3": None,
    "smtp": None,
    "caldav": "/dav/cal/",
    "carddav": "/dav/card/",
    "webdav": "/dav/file/",
    "managesieve": None,
}


def policy(node: "Node") -> str | None:
    """The text of mta-sts.txt; None where no policy is shown."""
    mode = node.policy["mode"]
    if mode == "disable":
        return None
    host = node.in_force.get("defaultHostname")
    exchangers = node.in_force.get("mailExchangers") or {}
    names = [*node.policy["mxHosts"]] or [mx["hostname"] or host for mx in exchangers.values()]
    lines = ["version: STSv1", f"mode: {mode}", f"max_age: {node.policy['maxAge'] // 1000}"]
    return "".join(f"{line}\r\n" for line in [*lines, *(f"mx: {name}" for name in sorted(set(names)))])


def setup(node: "Node") -> str:
    """The document by which programs set themselves up."""
    default = node.in_force.get("defaultHostname") or node.hostname
    offered = node.in_force["services"]
    protocols: dict[str, Any] = {}
    for name, path in _PATHS.items():
        if name in offered:
            host = offered[name]["hostname"] or default
            protocols[name] = {"host": host} if path is None else {"url": f"https://{host}{path}"}
    document = {
        "protocols": protocols,
        "authentication": {"oauth-public": {"issuer": f"https://{default}"}, "password": True},
        "info": {"provider": {"name": "Stalwart"}},
    }
    return json.dumps(document, separators=(",", ":"))
