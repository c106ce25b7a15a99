"""The relay: how the mail server is told to hand what leaves to another, over TLS that is checked or not at all.

Pure. What a person added to the same rules stays. Facts behind it, tried on Stalwart 0.16.19: a relay that refuses the
login makes mail wait, but one that is met without a login, or without STARTTLS where that is demanded, makes it come
back to the sender; and the server's own rules try again without looking at the certificate after TLS failed once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lib.stalwart.change import Change, create, destroy, update
from lib.stalwart.state import State, different, one

# Of the route and of the rules for its TLS. Not a word that a person would take.
NAME = "stack-relay"
DIRECT = "mx"

_DESCRIPTION = "Relay of the stack file"
TYPES = ("MtaRoute", "MtaTlsStrategy", "MtaOutboundStrategy")


@dataclass(frozen=True)
class Relay:
    """Another's mail server. The password is no part of it."""

    host: str
    port: int
    implicit: bool
    """Whether TLS comes first; else STARTTLS is demanded."""

    user: str | None


def changes(now: State, relay: Relay | None, password: str = "") -> Iterator[Change]:
    """What differs, in an order in which no mail finds a rule that names what is not there.

    Args:
        password: needed where the route is yet to be made.
    """
    if relay:
        yield from _tls(now)
        yield from _route(now, relay, password)
        yield from _rules(now, relay)
    else:
        yield from _rules(now, None)
        for name in ("MtaRoute", "MtaTlsStrategy"):
            if found := _named(now, name):
                yield Change(
                    f"{'route' if name == 'MtaRoute' else 'TLS'} of the relay removed", destroy(name, found["id"])
                )


def new_password(now: State, password: str) -> Change | None:
    """The change that gives a route that is there another password, which cannot be seen in it."""
    found = _named(now, "MtaRoute")
    value = {"authSecret": {"@type": "Value", "secret": password}}
    return Change("password for the relay", update("MtaRoute", found["id"], value)) if found else None


def _tls(now: State) -> Iterator[Change]:
    wanted = {"startTls": "require", "allowInvalidCerts": False, "dane": "disable", "mtaSts": "disable"}
    found = _named(now, "MtaTlsStrategy")
    if not found:
        yield Change(
            "TLS of the relay", create("MtaTlsStrategy", {"name": NAME, "description": _DESCRIPTION, **wanted})
        )
    elif changed := different(found, wanted):
        yield Change("TLS of the relay", update("MtaTlsStrategy", found["id"], changed))


def _route(now: State, relay: Relay, password: str) -> Iterator[Change]:
    wanted = {
        "address": relay.host,
        "port": relay.port,
        "protocol": "smtp",
        "implicitTls": relay.implicit,
        "allowInvalidCerts": False,
        "authUsername": relay.user,
    }
    found = _named(now, "MtaRoute")
    # Never what was read: the server shows a password as stars, and would take the stars for one.
    secret = {"@type": "Value", "secret": password} if relay.user else {"@type": "None"}
    if not found:
        value = {"@type": "Relay", "name": NAME, "description": _DESCRIPTION, **wanted, "authSecret": secret}
        yield Change("route to the relay", create("MtaRoute", value))
        return
    changed = different(found, wanted)
    if "authUsername" in changed:
        changed["authSecret"] = secret
    if changed:
        yield Change("route to the relay", update("MtaRoute", found["id"], changed))


def _rules(now: State, relay: Relay | None) -> Iterator[Change]:
    """Mail for the own domains stays, by the rule that the server comes with."""
    here = one(now, "MtaOutboundStrategy")
    route, tls = here.get("route") or {}, here.get("tls") or {}
    last = f"'{NAME}'" if relay else f"'{DIRECT}'" if route.get("else") == f"'{NAME}'" else route.get("else")
    if route.get("else") != last:
        what = f"mail leaves through {relay.host}" if relay else "mail leaves for the receivers' own mail servers"
        yield Change(what, update("MtaOutboundStrategy", "singleton", {"route": {**route, "else": last}}))
    # Before the server's own rule, which after a failure goes on without looking at the certificate.
    first = [{"if": f"mx == '{relay.host}'", "then": f"'{NAME}'"}] if relay else []
    rules = [rule for _, rule in sorted((tls.get("match") or {}).items(), key=lambda item: int(item[0]))]
    wanted = [*first, *(rule for rule in rules if rule.get("then") != f"'{NAME}'")]
    if rules != wanted:
        match = {str(index): rule for index, rule in enumerate(wanted)}
        yield Change(
            "TLS rules of the relay", update("MtaOutboundStrategy", "singleton", {"tls": {**tls, "match": match}})
        )


def _named(now: State, name: str) -> dict[str, Any]:
    return next((item for item in now[name] if item.get("name") == NAME), {})
