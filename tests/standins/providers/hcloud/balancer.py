"""Load balancers and their place in a network."""

from ipaddress import IPv6Network

from ..values import Values
from . import attachment, catalogue, errors, primary_ip
from .api import Api
from .cloud import Record
from .errors import ApiError, invalid
from .resource import Resource, changed

_FAMILIES = ("ipv4", "ipv6")


class LoadBalancer(Resource):
    """A load balancer, with two addresses of its own or such that were made before."""

    kind = "load_balancer"
    replaced_by = frozenset({"location", "networkZone", "ipv4Id", "ipv6Id"})
    computed = frozenset({"algorithm", "labels", "location", "networkZone", "targets"})
    defaults = {"deleteProtection": False}  # noqa: RUF012  # never changed
    outputs = ("ipv4", "ipv6", "networkId", "networkIp")

    def _make(self, api: Api, inputs: Values) -> str:
        kind = catalogue.balancer_type(inputs["loadBalancerType"])
        zone = inputs.get("networkZone")
        with api.request("load_balancer.create") as cloud:
            cloud.unique("load_balancer", inputs["name"])
            if kind is None:
                raise invalid("load_balancer_type", "load balancer type not found")
            near = (one for one in catalogue.LOCATIONS if zone in {None, one.zone})
            place = next((one for one in near if inputs.get("location") in {None, one.name}), None)
            if place is None or not {"location", "networkZone"} & set(inputs):
                raise invalid("location", "location not found")
            made: Record = {
                "name": inputs["name"],
                "loadBalancerType": kind.name,
                "location": place.name,
                "networkZone": place.zone,
                "labels": inputs.get("labels", {}),
                "algorithm": inputs.get("algorithm", {"type": "round_robin"}),
                "deleteProtection": inputs["deleteProtection"],
                "targets": [],
                "services": {},
                "networks": [],
                "network6": None,
            }
            for family in _FAMILIES:
                number = inputs.get(f"{family}Id")
                own = primary_ip.claim(cloud, number, family, place.name) if number else None
                made[f"{family}Id"] = own["id"] if own else 0
                got = own["ipAddress"] if own else cloud.pool.take(family)
                if family == "ipv6" and not own:
                    made["network6"], got = got, str(IPv6Network(got)[1])
                made[family] = got
            made = cloud.add("load_balancer", made)
            for family in _FAMILIES:
                if number := made[f"{family}Id"]:
                    cloud.get("primary_ip", number).update(assigneeId=made["id"], assigneeType="load_balancer")
            return str(made["id"])

    def _change(self, api: Api, identity: str, inputs: Values, state: Values) -> None:
        record = self._cloud.get("load_balancer", identity)
        with api.request("load_balancer.update") as cloud:
            cloud.unique("load_balancer", inputs["name"], but=int(identity))
            record.update(name=inputs["name"], labels=inputs.get("labels", record["labels"]))
        if changed(inputs, record, "loadBalancerType"):
            with api.request("load_balancer.change_type"):
                kind = catalogue.balancer_type(inputs["loadBalancerType"])
                if kind is None or kind.targets < len(record["targets"]) or kind.services < len(record["services"]):
                    raise ApiError("invalid_load_balancer_type", "load balancer type does not fit")
                record["loadBalancerType"] = kind.name
        if changed(inputs, record, "algorithm"):
            with api.request("load_balancer.change_algorithm"):
                record["algorithm"] = inputs["algorithm"]
        if changed(inputs, record, "deleteProtection"):
            with api.request("load_balancer.change_protection"):
                record["deleteProtection"] = inputs["deleteProtection"]

    def _seen(self, record: Record, inputs: Values) -> Values:
        hidden = {"id", "services", "networks", "network6", "ipv4Id", "ipv6Id"}
        shown = {key: value for key, value in record.items() if key not in hidden}
        place = record["networks"][0] if record["networks"] else {}
        return {**shown, "networkId": place.get("networkId"), "networkIp": place.get("ip")}


class LoadBalancerNetwork(Resource):
    """A load balancer's place in a network."""

    kind = "load_balancer"
    named_itself = False
    replaced_by = frozenset({"loadBalancerId", "networkId", "subnetId", "ip"})
    computed = frozenset({"networkId", "ip"})
    defaults = {"enablePublicInterface": True}  # noqa: RUF012  # never changed
    worded = staticmethod(errors.newer)

    def _make(self, api: Api, inputs: Values) -> str:
        with api.request("load_balancer.attach_to_network") as cloud:
            balancer = cloud.get("load_balancer", inputs["loadBalancerId"])
            if balancer["networks"]:
                raise ApiError("load_balancer_already_attached", "load balancer is already attached to a network")
            attachment.attach(cloud, balancer, inputs)
            balancer["networks"][0]["enablePublicInterface"] = inputs["enablePublicInterface"]
        return f"{inputs['loadBalancerId']}-{attachment.network_of(inputs)}"

    def _change(self, api: Api, identity: str, inputs: Values, state: Values) -> None:
        record = self._cloud.get("load_balancer", identity.partition("-")[0])
        with api.request("load_balancer.enable_public_interface"):
            record["networks"][0]["enablePublicInterface"] = inputs["enablePublicInterface"]

    def _remove(self, api: Api, identity: str, state: Values) -> None:
        if self._record(identity, state) is not None:
            balancer, _, number = identity.partition("-")
            with api.request("load_balancer.detach_from_network") as cloud:
                record = cloud.get("load_balancer", balancer)
                attachment.detach(record, int(number))
                # Who is reached by the network cannot be reached any more.
                record["targets"] = [one for one in record["targets"] if not one.get("usePrivateIp")]

    def _record(self, identity: str, known: Values) -> Record | None:
        balancer, _, number = identity.partition("-")
        places = self._cloud.tables["load_balancer"].get(int(balancer), {"networks": []})["networks"]
        found = next((one for one in places if one["networkId"] == int(number)), None)
        if found is None:
            return None
        kept = {key: found[key] for key in ("networkId", "ip", "enablePublicInterface")}
        return {**kept, "loadBalancerId": int(balancer)}
