"""What goes with a thing that goes: whatever hangs on it is let loose, as the real cloud does."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .cloud import Cloud


def remove(cloud: "Cloud", kind: str, number: int) -> None:
    """Remove a thing, whatever it is; none is there where nobody let go of it."""
    _LETTING_GO.get(kind, _nothing)(cloud, number)
    cloud.tables[kind].pop(number, None)


def _nothing(cloud: "Cloud", number: int) -> None:
    """Nothing hangs on it."""


def _server(cloud: "Cloud", number: int) -> None:
    for address in cloud.all("primary_ip"):
        if (address["assigneeType"], address["assigneeId"]) == ("server", number):
            address["assigneeId"] = 0
            if address["autoDelete"]:
                remove(cloud, "primary_ip", address["id"])
    for volume in cloud.all("volume"):
        if volume["serverId"] == number:
            volume["serverId"] = 0
    for balancer in cloud.all("load_balancer"):
        balancer["targets"] = [one for one in balancer["targets"] if one.get("serverId") != number]


def _primary_ip(cloud: "Cloud", number: int) -> None:
    address = cloud.tables["primary_ip"][number]
    for server in cloud.all("server"):
        for family in ("ipv4", "ipv6"):
            if server[family] == number:
                server[family] = 0
    release(cloud, address["type"], address["ipAddress"], address["ipNetwork"])


def _load_balancer(cloud: "Cloud", number: int) -> None:
    balancer = cloud.tables["load_balancer"][number]
    for family in ("ipv4", "ipv6"):
        if own := balancer[f"{family}Id"]:
            cloud.tables["primary_ip"][own]["assigneeId"] = 0
        else:
            release(cloud, family, balancer[family], balancer["network6"] if family == "ipv6" else None)


def _network(cloud: "Cloud", number: int) -> None:
    for attached in (*cloud.all("server"), *cloud.all("load_balancer")):
        attached["networks"] = [one for one in attached["networks"] if one["networkId"] != number]


def _firewall(cloud: "Cloud", number: int) -> None:
    for server in cloud.all("server"):
        server["firewallIds"] = [one for one in server["firewallIds"] if one != number]


def _placement_group(cloud: "Cloud", number: int) -> None:
    for server in cloud.all("server"):
        if server["placementGroupId"] == number:
            server["placementGroupId"] = None


def release(cloud: "Cloud", family: str, address: str, network: str | None) -> None:
    """An address is nobody's any more, and has no name."""
    start = address if network is None else network.removesuffix("/64")
    for pointer in [one for one in cloud.pointers if one == address or (network and one.startswith(start))]:
        del cloud.pointers[pointer]
    cloud.pool.give_back(family, network or address)


_LETTING_GO: dict[str, Callable[["Cloud", int], None]] = {
    "server": _server,
    "primary_ip": _primary_ip,
    "load_balancer": _load_balancer,
    "network": _network,
    "firewall": _firewall,
    "placement_group": _placement_group,
}
