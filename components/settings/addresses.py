"""The address of a node: given, or by its name in the lab."""

import re
from ipaddress import IPv4Address

from components.settings.model import LabSettings, NodeSettings, Platform

# mx1 gets .11: the first ten addresses stay free for the machine itself.
_LAB_BASE = 10
_TRAILING_NUMBER = re.compile(r"[1-9][0-9]{0,2}$")


def node_address(platform: Platform, lab: LabSettings, name: str, node: NodeSettings) -> IPv4Address | None:
    """The node's private address, None where it has to be given and is not.

    In the lab it follows from the number the name ends in, not from the place among the nodes:
    adding a node must never move another.
    """
    if node.address or platform is not Platform.LAB:
        return node.address
    found = _TRAILING_NUMBER.search(name)
    address = lab.network.network_address + _LAB_BASE + int(found[0]) if found else None
    return address if address and address in lab.network and address != lab.network.broadcast_address else None
