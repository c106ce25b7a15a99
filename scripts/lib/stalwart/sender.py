"""How mail leaves: under which name, and from which kind of address. Pure."""

from collections.abc import Iterator

from lib.stalwart import relay
from lib.stalwart.change import Change, update
from lib.stalwart.state import State
from lib.stalwart.wish import Wish

TYPES = ("MtaConnectionStrategy",)


def changes(now: State, wish: Wish) -> Iterator[Change]:
    """Receivers look whether the name in the greeting, the reverse name and the address fit each other."""
    for strategy in now["MtaConnectionStrategy"]:
        if strategy.get("name") == "default" and strategy.get("ehloHostname") != wish.outgoing:
            value = {"ehloHostname": wish.outgoing}
            yield Change("name of the sender", update("MtaConnectionStrategy", strategy["id"], value))
    # A host may have an IPv6 address that no record knows: receivers refuse what comes from there.
    wanted = "v4ThenV6" if wish.ipv6 else "v4Only"
    for route in now["MtaRoute"]:
        here = route.get("ipLookupStrategy")
        # Another order than these two was set by a person.
        if route.get("name") == relay.DIRECT and here in {"v4ThenV6", "v4Only"} and here != wanted:
            what = "mail leaves by IPv6 too" if wish.ipv6 else "mail leaves by IPv4 only"
            yield Change(what, update("MtaRoute", route["id"], {"ipLookupStrategy": wanted}))
