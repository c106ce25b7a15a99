"""What the servers of a stack cost a month, by the price list; what is not in the list is named, never guessed."""

from dataclasses import dataclass
from typing import Any

from components.cost import prices
from components.settings import FrontKind, Platform, Settings
from components.topology import Plan


@dataclass(frozen=True)
class Item:
    """One line: how many of what, and euros a month for all of them; None is unknown."""

    what: str
    count: int
    euros: float | None


@dataclass(frozen=True)
class Estimate:
    """All lines."""

    items: tuple[Item, ...]

    @property
    def euros(self) -> float:
        """The sum of what is known."""
        return round(sum(item.euros or 0 for item in self.items), 2)

    @property
    def unknown(self) -> tuple[str, ...]:
        """What has no price here."""
        return tuple(item.what for item in self.items if item.euros is None)

    def as_output(self) -> dict[str, Any]:
        """For the outputs of the stack."""
        return {
            "euros_a_month": self.euros,
            "prices_of": prices.AS_OF.isoformat(),
            "unknown": list(self.unknown),
            "items": {f"{item.count} x {item.what}": item.euros for item in self.items},
        }

    def __str__(self) -> str:
        rest = f"; unknown: {', '.join(self.unknown)}" if self.unknown else ""
        return f"about {self.euros:.2f} EUR a month without VAT, by prices of {prices.AS_OF.isoformat()}{rest}"


def estimate(settings: Settings, plan: Plan) -> Estimate | None:
    """The cost of what the stack makes; None where it makes nothing that costs."""
    if settings.platform is not Platform.HETZNER:
        return None
    hetzner = settings.hetzner
    types = [settings.nodes[node.name].type or hetzner.type for node in plan.nodes]
    european = hetzner.locations[0].network_zone == prices.EUROPEAN_ZONE
    items = []
    for kind in sorted(set(types)):
        price = prices.SERVERS.get(kind) if european else None
        count = types.count(kind)
        items.append(_item(f"server {kind}", count, price))
        if hetzner.backups:
            items.append(_item(f"backups of {kind}", count, None if price is None else price * prices.BACKUPS))
    items.append(_item("IPv4 address", len(types), prices.IPV4))
    if hetzner.volume:
        items.append(_item(f"volume of {hetzner.volume} GiB", len(types), prices.VOLUME_GIB * hetzner.volume))
    if settings.front.kind is FrontKind.LOAD_BALANCER:
        kind = settings.front.balancer_type
        items.append(_item(f"load balancer {kind}", 1, prices.BALANCERS.get(kind) if european else None))
    return Estimate(tuple(items))


def _item(what: str, count: int, each: float | None) -> Item:
    return Item(what, count, None if each is None else round(count * each, 2))
