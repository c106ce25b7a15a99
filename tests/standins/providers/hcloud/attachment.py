"""Taking a place in a private network: which address, and when there is none."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from .catalogue import location
from .cloud import Cloud, Record
from .errors import ApiError, ProviderError, gone, invalid


def attach(cloud: Cloud, what: Record, wish: Record) -> None:
    """Give a server or a load balancer a place in a network.

    Args:
        wish: networkId or subnetId; ip and aliasIps where they are wished for.
    """
    number, subnet = _place(wish)
    if number not in cloud.tables["network"]:
        raise gone("network", number)
    network = cloud.tables["network"][number]
    if any(one["networkId"] == number for one in what["networks"]):
        raise ApiError("server_already_attached", "server is already attached to this network")
    mine = IPv4Network(network["ipRange"])
    if any(mine.overlaps(IPv4Network(cloud.get("network", one["networkId"])["ipRange"])) for one in what["networks"]):
        raise ApiError("networks_overlap", "network IP range overlaps with one of the networks of the server")
    place = location(what["location"])
    near = [IPv4Network(one["ipRange"]) for one in network["subnets"] if place and one["networkZone"] == place.zone]
    address = _address(cloud, network, near, wish.get("ip"), subnet)
    aliases = [str(IPv4Address(one)) for one in wish.get("aliasIps") or []]
    what["networks"].append({"networkId": number, "ip": address, "aliasIps": aliases, "macAddress": _mac(address)})


def detach(what: Record, number: int) -> None:
    """Leave a network."""
    what["networks"] = [one for one in what["networks"] if one["networkId"] != number]


def network_of(wish: Record) -> int:
    """The network that is meant."""
    return _place(wish)[0]


def taken(cloud: Cloud, number: int) -> Iterator[str]:
    """Addresses in use in a network."""
    for what in (*cloud.all("server"), *cloud.all("load_balancer")):
        for one in what["networks"]:
            if one["networkId"] == number:
                yield from (one["ip"], *one["aliasIps"])


def _place(wish: Record) -> tuple[int, IPv4Network | None]:
    if subnet := wish.get("subnetId"):
        number, _, text = str(subnet).partition("-")
        return int(number), IPv4Network(text)
    if not wish.get("networkId"):
        raise ProviderError("either subnet_id or network_id must be set")
    return int(wish["networkId"]), None


def _address(cloud: Cloud, network: Record, near: list[IPv4Network], ip: Any, subnet: IPv4Network | None) -> str:
    if not near or (subnet and subnet not in near):
        raise ApiError("no_subnet_available", "no subnet available in the network zone of the location")
    used = {*taken(cloud, network["id"]), str(IPv4Network(network["ipRange"])[1])}
    if ip:
        if not any(IPv4Address(ip) in one for one in ([subnet] if subnet else near)):
            raise invalid("ip", "IP is not within a subnet of the network")
        if ip in used:
            raise ApiError("ip_not_available", f"IP {ip} is not available")
        return str(ip)
    chosen = subnet or max(near)
    free = next((one for one in chosen.hosts() if str(one) not in used), None)
    if free is None:
        raise ApiError("no_subnet_available", "no IP available in the subnet")
    return str(free)


def _mac(address: str) -> str:
    return "86:00:" + ":".join(f"{part:02x}" for part in IPv4Address(address).packed)
