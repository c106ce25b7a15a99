"""The address of a node: given, or by its name where the stack makes the network."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from components.settings.model import Platform
from components.settings.node import NodeSettings

# mx1 gets .11: the first ten addresses stay free for gateways, balancers and the machine itself.
_BASE = 10
_BALANCER = 5
_WORLD = 9
_TRAILING_NUMBER = re.compile(r"[1-9][0-9]{0,2}$")


def network_of(values: Mapping[str, Any]) -> IPv4Network | None:
    """The network whose addresses the stack gives out; None where all are given.

    Args:
        values: the settings `platform`, `lab` and `hetzner`.
    """
    match values["platform"]:
        case Platform.LAB:
            network: IPv4Network | None = values["lab"].network
        case Platform.HETZNER:
            network = values["hetzner"].subnet
        case _:
            network = None
    return network


def node_address(network: IPv4Network | None, name: str, node: NodeSettings) -> IPv4Address | None:
    """The node's private address, None where it has to be given and is not.

    It follows from the number the name ends in, not from the place among the nodes: adding a node must never move
    another.
    """
    if node.address or network is None:
        return node.address
    found = _TRAILING_NUMBER.search(name)
    address = network.network_address + _BASE + int(found[0]) if found else None
    return address if address and address in network and address != network.broadcast_address else None


def balancer_address(subnet: IPv4Network) -> IPv4Address:
    """The private address of the load balancer: known before it is made, because the mail servers trust exactly it."""
    return subnet.network_address + _BALANCER


def world_address(network: IPv4Network) -> IPv4Address:
    """The address of the world outside of a lab (scripts/lib/lab/resolver.sh): no node's by its name."""
    return network.network_address + _WORLD
