"""What is open, and what programs are told of it. Pure."""

from collections.abc import Iterator
from typing import Any

from lib.stalwart.change import Change, create, destroy, update
from lib.stalwart.state import State, singleton
from lib.stalwart.wish import Listener, Wish

TYPES = ("NetworkListener",)


def services(now: State, wish: Wish) -> Iterator[Change]:
    """What programs are told when they set themselves up: what is open to the world, and nothing else."""
    offered = ["caldav", "carddav", "imap", "jmap", "smtp", "webdav", *(["managesieve"] if wish.sieve else [])]
    services = {name: {"hostname": None, "cleartext": name == "smtp" and wish.submission} for name in sorted(offered)}
    yield from singleton(now, "SystemSettings", {"services": services}, "services that programs are told of")


def changes(now: State, wish: Wish) -> Iterator[Change]:
    """What differs in the ports that are open."""
    here = {listener["name"]: listener for listener in now["NetworkListener"]}
    for name, wanted in wish.listeners.items():
        value = _listener(wanted)
        if name not in here:
            yield Change(f"listener {name}", create("NetworkListener", {"name": name, **value}))
        elif any(here[name].get(key) != part for key, part in value.items()):
            yield Change(f"listener {name}", update("NetworkListener", here[name]["id"], value))
    # Only the two that are ours to open or close; what a person added stays.
    for name in ("pop3s", "submission"):
        if name in here and name not in wish.listeners:
            yield Change(f"listener {name} closed", destroy("NetworkListener", here[name]["id"]))


def _listener(wanted: Listener) -> dict[str, Any]:
    # On loopback the plain one has no certificate to offer, but the server wants the key all the same.
    return {
        "bind": {wanted.bind: True},
        "protocol": wanted.protocol,
        "useTls": True,
        "tlsImplicit": wanted.tls_implicit,
    }
