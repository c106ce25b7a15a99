"""What a new server is to be, checked against what there is before anything is made."""

from dataclasses import dataclass
from typing import Any

from ..values import Values
from . import catalogue
from .api import Api
from .catalogue import Image, ServerType
from .cloud import Cloud, Record
from .errors import ApiError, ProviderError, gone, invalid
from .primary_ip import claim

_MOST_PER_GROUP = 10
_MOST_USER_DATA = 32 * 1024


@dataclass(frozen=True)
class Checked:
    """A server that can be made."""

    type: ServerType
    image: Image
    location: str
    keys: list[str]


def checked(api: Api, inputs: Values) -> Checked:
    """Look everything up that the inputs name, in the real provider's order."""
    with api.request("server_type.get"):
        kind = catalogue.server_type(inputs["serverType"])
    if kind is None:
        raise ProviderError(f"server type {inputs['serverType']} not found")
    name = inputs.get("image", "")
    with api.request("image.get"):
        image = catalogue.image(name, kind.architecture)
    if image is None:
        raise ProviderError(f"image {name} for architecture {kind.architecture} not found")
    keys = []
    for wanted in inputs.get("sshKeys") or []:
        with api.request("ssh_key.get") as cloud:
            key = cloud.find("ssh_key", wanted)
        if key is None:
            raise ProviderError(f"SSH key not found: {wanted}")
        keys.append(key["publicKey"])
    if (group := inputs.get("placementGroupId")) is not None:
        with api.request("placement_group.get") as cloud:
            if group not in cloud.tables["placement_group"]:
                raise ProviderError(f"placement group not found: {group}")
    return Checked(kind, image, inputs.get("location") or "", keys)


def admit(cloud: Cloud, inputs: Values, order: Checked) -> str:
    """Refuse what the API refuses when a server is made; its location otherwise."""
    if len(inputs.get("userData", "").encode()) > _MOST_USER_DATA:
        raise invalid("user_data", "must be at most 32 KiB")
    cloud.unique("server", inputs["name"], "server name is already used")
    if cloud.server_limit is not None and len(cloud.tables["server"]) >= cloud.server_limit:
        raise ApiError("resource_limit_exceeded", "server limit exceeded")
    for number in inputs.get("firewallIds") or []:
        if number not in cloud.tables["firewall"]:
            raise gone("firewall", number)
    place = order.location or _anywhere(cloud, inputs, order.type)
    if catalogue.location(place) is None:
        raise invalid("location", "location not found")
    check_offer(cloud, order.type, place)
    for family in ("ipv4", "ipv6"):
        if number := public_net(inputs).get(family):
            claim(cloud, number, family, place)
    if (group := inputs.get("placementGroupId")) is not None:
        check_group(cloud, group)
    return place


def check_offer(cloud: Cloud, kind: ServerType, place: str) -> None:
    """Whether a type can be had in a location."""
    if place not in kind.locations:
        raise ApiError("invalid_input", "unsupported location for server type")
    if (kind.name, place) in cloud.sold_out:
        raise ApiError("resource_unavailable", "error during placement")


def check_group(cloud: Cloud, group: int) -> None:
    """Whether a placement group has room."""
    inside = [one for one in cloud.all("server") if one["placementGroupId"] == group]
    if len(inside) >= _MOST_PER_GROUP:
        raise ApiError(
            "placement_group_member_limit_reached",
            f"placement group with ID {group} contains already {_MOST_PER_GROUP} servers",
        )


def public_net(inputs: Values) -> dict[str, Any]:
    """The one block, with its defaults; both families where there is none."""
    block = (inputs.get("publicNets") or [{}])[0]
    return {"ipv4Enabled": True, "ipv6Enabled": True, **block}


def _anywhere(cloud: Cloud, inputs: Values, kind: ServerType) -> str:
    """Where its addresses are, else the first place that has the type."""
    for family in ("ipv4", "ipv6"):
        if number := public_net(inputs).get(family):
            address: Record = cloud.get("primary_ip", number)
            return str(address["location"])
    return kind.locations[0]
