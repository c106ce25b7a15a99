"""Where each node stands: its location, and the failure zone that follows from it."""

import re
from collections.abc import Mapping
from itertools import cycle
from typing import Any

from components.settings.hetzner import HetznerSettings, Location
from components.settings.model import Platform
from components.settings.node import NodeSettings

# From this many locations on, a location is what fails: fewer could not hold a majority without one of them.
_LOCATIONS_THAT_ARE_ZONES = 3


def natural(name: str) -> list[tuple[int, str]]:
    """Sort key under which mx2 comes before mx10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name) if part]


def locations_of(nodes: Mapping[str, NodeSettings], hetzner: HetznerSettings) -> dict[str, Location]:
    """The location of every node: its own, or the stack's locations by the number the name ends in.

    By the number and not by the place among the nodes, because a server cannot be moved: adding or taking out a node
    must leave every other where it is.
    """
    found = {}
    ring = cycle(range(len(hetzner.locations)))
    for name in sorted(nodes, key=natural):
        number = re.search(r"[1-9][0-9]*$", name)
        place = (int(number[0]) - 1) % len(hetzner.locations) if number else next(ring)
        found[name] = nodes[name].location or hetzner.locations[place]
    return found


def zones_of(values: Mapping[str, Any]) -> dict[str, str]:
    """The failure zone of every node.

    Servers of one location stand on different machines, by their placement group; so with fewer than three locations
    each node is a zone, and the loss of a location is more than one failure.

    Args:
        values: the settings `platform`, `nodes` and `hetzner`.
    """
    nodes: Mapping[str, NodeSettings] = values["nodes"]
    default = {name: name for name in nodes}
    if values["platform"] is Platform.HETZNER:
        locations = locations_of(nodes, values["hetzner"])
        if len(set(locations.values())) >= _LOCATIONS_THAT_ARE_ZONES:
            default = {name: str(location) for name, location in locations.items()}
    return {name: node.zone or default[name] for name, node in nodes.items()}
