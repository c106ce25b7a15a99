"""Private networks, their subnets, and servers that join one later."""

from ipaddress import IPv4Network

from ..values import Values
from . import attachment, errors
from .api import Api
from .catalogue import LOCATIONS
from .cloud import Record
from .errors import ApiError, invalid
from .resource import Resource, changed

_PRIVATE = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


class Network(Resource):
    """A range of private addresses."""

    kind = "network"
    replaced_by = frozenset({"ipRange"})
    defaults = {"deleteProtection": False, "exposeRoutesToVswitch": False}  # noqa: RUF012  # never changed

    def _make(self, api: Api, inputs: Values) -> str:
        span = _network(inputs["ipRange"])
        if not any(span.subnet_of(one) for one in _PRIVATE):
            raise invalid("ip_range", "must be a private IPv4 range of RFC 1918")
        with api.request("network.create") as cloud:
            cloud.unique("network", inputs["name"])
            return str(cloud.add("network", {**self._wished(inputs), "ipRange": str(span), "subnets": []})["id"])

    def _change(self, api: Api, identity: str, inputs: Values, state: Values) -> None:
        record, wished = self._cloud.get("network", identity), self._wished(inputs)
        if changed(wished, record, "name", "labels", "exposeRoutesToVswitch"):
            with api.request("network.update") as cloud:
                cloud.unique("network", inputs["name"], but=int(identity))
        if changed(wished, record, "deleteProtection"):
            with api.request("network.change_protection"):
                pass
        record.update(wished)

    def _seen(self, record: Record, inputs: Values) -> Values:
        return {key: value for key, value in super()._seen(record, inputs).items() if key != "subnets"}

    def _wished(self, inputs: Values) -> Record:
        keys = ("name", "deleteProtection", "exposeRoutesToVswitch")
        return {**{key: inputs[key] for key in keys}, "labels": inputs.get("labels", {})}


class NetworkSubnet(Resource):
    """A part of a network, for one zone of locations."""

    kind = "network"
    named_itself = False
    replaced_by = frozenset({"networkId", "type", "networkZone", "ipRange", "vswitchId"})
    outputs = ("gateway",)

    def _make(self, api: Api, inputs: Values) -> str:
        span = _network(inputs["ipRange"])
        if inputs["type"] not in {"cloud", "server"}:
            raise invalid("type", "no stand-in for vswitch")
        with api.request("network.add_subnet") as cloud:
            network = cloud.get("network", inputs["networkId"])
            if inputs["networkZone"] not in {one.zone for one in LOCATIONS}:
                raise invalid("network_zone", "network zone not found")
            if not span.subnet_of(IPv4Network(network["ipRange"])):
                raise invalid("ip_range", "IP range is not within the IP range of the network")
            if any(span.overlaps(IPv4Network(one["ipRange"])) for one in network["subnets"]):
                raise invalid("ip_range", "IP range overlaps with an existing subnet")
            gateway = str(IPv4Network(network["ipRange"])[1])
            keys = ("type", "networkZone")
            network["subnets"].append({**{key: inputs[key] for key in keys}, "ipRange": str(span), "gateway": gateway})
        return f"{inputs['networkId']}-{span}"

    def _remove(self, api: Api, identity: str, state: Values) -> None:
        number, _, text = identity.partition("-")
        record = self._record(identity, state)
        if record is None:
            return
        with api.request("network.delete_subnet") as cloud:
            span = IPv4Network(text)
            if any(_within(one, span) for one in attachment.taken(cloud, int(number))):
                return  # the real provider tries for minutes, then leaves it behind and says nothing
            network = cloud.get("network", number)
            network["subnets"] = [one for one in network["subnets"] if one["ipRange"] != text]

    def _record(self, identity: str, known: Values) -> Record | None:
        number, _, text = identity.partition("-")
        network = self._cloud.tables["network"].get(int(number), {"subnets": []})
        found = next((one for one in network["subnets"] if one["ipRange"] == text), None)
        return None if found is None else {**found, "networkId": int(number)}


class ServerNetwork(Resource):
    """A server's place in a network."""

    kind = "server"
    named_itself = False
    replaced_by = frozenset({"serverId", "networkId", "subnetId", "ip"})
    computed = frozenset({"networkId", "ip"})
    outputs = ("macAddress",)
    worded = staticmethod(errors.newer)

    def _make(self, api: Api, inputs: Values) -> str:
        with api.request("server.attach_to_network") as cloud:
            try:
                attachment.attach(cloud, cloud.get("server", inputs["serverId"]), inputs)
            except ApiError as error:
                if error.code != "server_already_attached":
                    raise
        return f"{inputs['serverId']}-{attachment.network_of(inputs)}"

    def _change(self, api: Api, identity: str, inputs: Values, state: Values) -> None:
        server, _, number = identity.partition("-")
        with api.request("server.change_alias_ips") as cloud:
            for one in cloud.get("server", server)["networks"]:
                if one["networkId"] == int(number):
                    one["aliasIps"] = list(inputs.get("aliasIps") or [])

    def _remove(self, api: Api, identity: str, state: Values) -> None:
        if self._record(identity, state) is not None:
            server, _, number = identity.partition("-")
            with api.request("server.detach_from_network") as cloud:
                attachment.detach(cloud.get("server", server), int(number))

    def _record(self, identity: str, known: Values) -> Record | None:
        server, _, number = identity.partition("-")
        places = self._cloud.tables["server"].get(int(server), {"networks": []})["networks"]
        found = next((one for one in places if one["networkId"] == int(number)), None)
        return None if found is None else {**found, "serverId": int(server)}


def _network(text: str) -> IPv4Network:
    try:
        return IPv4Network(text)
    except ValueError:
        raise invalid("ip_range", "must be a valid CIDR with no host bits") from None


def _within(address: str, span: IPv4Network) -> bool:
    return IPv4Network(address).subnet_of(span)
