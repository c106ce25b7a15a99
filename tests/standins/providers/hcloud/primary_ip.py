"""Public addresses that outlive the server they are assigned to."""

from ipaddress import IPv6Network

from ..kind import Mistake
from ..values import Values
from . import errors
from .api import Api
from .catalogue import location
from .cloud import Cloud, Record
from .errors import ApiError, gone, invalid
from .resource import Resource, changed


class PrimaryIp(Resource):
    """One IPv4 address, or a network of IPv6 addresses."""

    kind = "primary_ip"
    replaced_by = frozenset({"type", "location"})
    defaults = {"autoDelete": False, "deleteProtection": False}  # noqa: RUF012  # never changed
    computed = frozenset({"location", "assigneeId", "assigneeType"})
    outputs = ("ipAddress", "ipNetwork")
    worded = staticmethod(errors.newer)

    def check(self, inputs: Values) -> Values:
        if ("location" in inputs) == ("assigneeId" in inputs):
            raise Mistake("location", "Exactly one of these attributes must be configured: [location,assignee_id]")
        if "assigneeId" in inputs and "assigneeType" not in inputs:
            raise Mistake("assigneeId", "These attributes must be configured together: [assignee_id,assignee_type]")
        if inputs.get("assigneeType", "server") != "server":
            raise Mistake(
                "assigneeType", "no stand-in for owners other than servers; a load balancer names its addresses"
            )
        return super().check(inputs)

    def _make(self, api: Api, inputs: Values) -> str:
        with api.request("primary_ip.create") as cloud:
            cloud.unique("primary_ip", inputs["name"])
            place = inputs.get("location")
            if owner := inputs.get("assigneeId"):
                place = cloud.get(inputs["assigneeType"], owner)["location"]
            if location(str(place)) is None:
                raise invalid("location", "location not found")
            made = allocate(cloud, inputs["type"], str(place), inputs["name"])
            keys = ("autoDelete", "deleteProtection")
            made.update({**{key: inputs[key] for key in keys}, "labels": inputs.get("labels", {})})
            if owner:
                assign(cloud, made, cloud.get(inputs["assigneeType"], owner), inputs["assigneeType"])
            return str(made["id"])

    def _change(self, api: Api, identity: str, inputs: Values, state: Values) -> None:
        record = self._cloud.get("primary_ip", identity)
        if changed(inputs, record, "deleteProtection"):
            with api.request("primary_ip.change_protection"):
                record["deleteProtection"] = inputs["deleteProtection"]
        if "assigneeId" in inputs and inputs["assigneeId"] != record["assigneeId"]:
            with api.request("primary_ip.assign") as cloud:
                unassign(cloud, record)
                if owner := inputs["assigneeId"]:
                    assign(cloud, record, cloud.get(inputs["assigneeType"], owner), inputs["assigneeType"])
        with api.request("primary_ip.update") as cloud:
            cloud.unique("primary_ip", inputs["name"], but=int(identity))
            keys = ("name", "autoDelete")
            record.update({**{key: inputs[key] for key in keys}, "labels": inputs.get("labels", {})})


def allocate(cloud: Cloud, family: str, place: str, name: str) -> Record:
    """A fresh address; nobody's yet."""
    if family not in {"ipv4", "ipv6"}:
        raise invalid("type", "must be one of ipv4, ipv6")
    try:
        got = cloud.pool.take(family)
    except LookupError:
        raise ApiError("resource_limit_exceeded", "primary IP limit exceeded") from None
    network = got if family == "ipv6" else None
    address = str(IPv6Network(got)[0]) if network else got
    record = {"name": name, "type": family, "location": place, "ipAddress": address, "ipNetwork": network}
    owner = {"assigneeId": 0, "assigneeType": "server", "autoDelete": False}
    return cloud.add("primary_ip", {**record, **owner, "deleteProtection": False, "labels": {}})


def claim(cloud: Cloud, number: object, family: str, place: str | None) -> Record:
    """The address of this number, if a server of this location can have it."""
    record = cloud.tables["primary_ip"].get(int(str(number)))
    if record is None:
        raise gone("primary ip", number)
    if record["type"] != family:
        raise ApiError("primary_ip_version_mismatch", f"primary IP {number} is no {family}")
    if record["assigneeId"]:
        raise ApiError("primary_ip_assigned", f"primary IP {number} is already assigned")
    if place and record["location"] != place:
        raise ApiError("primary_ip_datacenter_mismatch", f"primary IP {number} is in {record['location']}")
    return record


def assign(cloud: Cloud, address: Record, owner: Record, owner_type: str) -> None:
    """From now on it is the owner's."""
    claim(cloud, address["id"], address["type"], owner["location"])
    if owner.get(address["type"]):
        raise ApiError(f"server_has_{address['type']}", f"server has an {address['type']} already")
    address.update(assigneeId=owner["id"], assigneeType=owner_type)
    owner[address["type"]] = address["id"]


def unassign(cloud: Cloud, address: Record) -> None:
    """It is nobody's from now on."""
    for server in cloud.all("server"):
        if server[address["type"]] == address["id"]:
            server[address["type"]] = 0
    address["assigneeId"] = 0
