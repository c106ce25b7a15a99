"""What the server fetches by itself: its web page, spam rules and address lists. Pure."""

from collections.abc import Iterator

from lib.stalwart.change import Change, update
from lib.stalwart.state import State, one, singleton
from lib.stalwart.wish import Wish

TYPES = ("Application", "Asn")


def changes(now: State, wish: Wish) -> Iterator[Change]:
    """What differs in what is fetched."""
    for application in now["Application"]:
        published = "github.com/stalwartlabs/webui" in application.get("resourceUrl", "")
        if published and application.get("enabled") != wish.downloads:
            what = "web page on" if wish.downloads else "web page off"
            yield Change(what, update("Application", application["id"], {"enabled": wish.downloads}))
    if wish.downloads:
        return
    yield from singleton(now, "SpamSettings", {"spamFilterRulesUrl": None}, "spam rules not fetched")
    asn = one(now, "Asn")
    if asn.get("@type") == "Resource":
        yield Change("address lists not fetched", update("Asn", "singleton", {"@type": "Disabled"}))
