"""What can be done to a server that exists."""

from ..values import Values
from . import attachment, catalogue, order, primary_ip
from .api import Api
from .cloud import Cloud, Record
from .errors import ApiError, ProviderError, invalid
from .resource import changed

FAMILIES = ("ipv4", "ipv6")


def protect(api: Api, record: Record, inputs: Values) -> None:
    """Delete and rebuild protection, which go together."""
    if wished := changed(inputs, record, "deleteProtection", "rebuildProtection"):
        if inputs["deleteProtection"] != inputs["rebuildProtection"]:
            raise invalid("rebuild_protection", "must be the same as delete protection")
        with api.request("server.change_protection"):
            record.update(wished)


def change_type(api: Api, record: Record, inputs: Values) -> None:
    """Off, changed, and on again by itself. A disk may grow and never shrinks."""
    with api.request("server.poweroff"):
        record["status"] = "off"
    old, new = catalogue.server_type(record["serverType"]), catalogue.server_type(inputs["serverType"])
    with api.request("server.change_type") as cloud:
        if new is None:
            raise invalid("server_type", "server type not found")
        if old is None or old.architecture != new.architecture:
            raise ApiError("invalid_server_type", "server type has another architecture")
        if new.disk < record["primaryDiskSize"]:
            raise ApiError("invalid_server_type", "server disk does not fit the server type")
        order.check_offer(cloud, new, record["location"])
        record.update(serverType=new.name, status="running")
        if not inputs["keepDisk"]:
            record["primaryDiskSize"] = new.disk


def change_networks(api: Api, record: Record, wishes: list[Record]) -> None:
    """Leave and join networks; another address is leaving and joining."""
    wished = {attachment.network_of(wish): wish for wish in wishes}
    for place in list(record["networks"]):
        wish = wished.get(place["networkId"])
        if wish is None or wish.get("ip", place["ip"]) != place["ip"]:
            with api.request("server.detach_from_network"):
                attachment.detach(record, place["networkId"])
        elif sorted(wish.get("aliasIps") or []) != sorted(place["aliasIps"]):
            with api.request("server.change_alias_ips"):
                place["aliasIps"] = list(wish.get("aliasIps") or [])
    there = {place["networkId"] for place in record["networks"]}
    for number, wish in wished.items():
        if number not in there:
            join(api, record, wish)


def change_addresses(api: Api, record: Record, inputs: Values, state: Values) -> None:
    """Other public addresses, while the server is off."""
    with api.request("server.poweroff"):
        record["status"] = "off"
    net, was = order.public_net(inputs), order.public_net(state)
    for family in FAMILIES:
        if net.get(family) == was.get(family) and net[f"{family}Enabled"] == was[f"{family}Enabled"]:
            continue
        with api.request("primary_ip.assign") as cloud:
            if held := cloud.tables["primary_ip"].get(record[family]):
                primary_ip.unassign(cloud, held)
                if held["autoDelete"]:
                    cloud.remove_by_hand("primary_ip", held["name"])
            give_address(cloud, record, family, net)
    with api.request("server.poweron"):
        record["status"] = "running"


def change_group(api: Api, record: Record, group: int | None) -> None:
    """Into a placement group; out of one only while it is off."""
    if record["placementGroupId"] is not None and record["status"] != "off":
        raise ProviderError(
            "removing a running server from a placement group is currently not supported in the provider. You can "
            "shutdown the server yourself, apply the changes again and then start the server manually as a "
            "workaround"
        )
    with api.request("server.add_to_placement_group") as cloud:
        if group is not None:
            cloud.get("placement_group", group)
            order.check_group(cloud, group)
        record["placementGroupId"] = group


def give_address(cloud: Cloud, server: Record, family: str, net: Values) -> None:
    """The address that is wished for, or a fresh one that goes with the server."""
    if number := net.get(family):
        address = primary_ip.claim(cloud, number, family, server["location"])
    elif net[f"{family}Enabled"]:
        address = primary_ip.allocate(cloud, family, server["location"], f"primary_ip-{server['id']}-{family}")
        address["autoDelete"] = True
    else:
        return
    primary_ip.assign(cloud, address, server, "server")


def join(api: Api, record: Record, wish: Record) -> None:
    """The real provider takes being there already for success."""
    with api.request("server.attach_to_network") as cloud:
        try:
            attachment.attach(cloud, record, wish)
        except ApiError as error:
            if error.code != "server_already_attached":
                raise
