"""What a load balancer listens on, and where it sends connections."""

import hashlib
from typing import Any

from ..kind import Mistake
from ..values import Values
from . import catalogue
from .api import Api
from .cloud import Cloud, Record
from .errors import ApiError, ProviderError, invalid
from .resource import Resource

_PORTS = {"http": 80, "https": 443}
_WAYS = {"server": "serverId", "label_selector": "labelSelector", "ip": "ip"}


class LoadBalancerService(Resource):
    """One port."""

    kind = "load_balancer"
    named_itself = False
    replaced_by = frozenset({"loadBalancerId", "protocol", "listenPort"})
    computed = frozenset({"listenPort", "destinationPort", "proxyprotocol", "http", "healthCheck"})

    def _make(self, api: Api, inputs: Values) -> str:
        port = inputs.get("listenPort") or _PORTS.get(inputs["protocol"], 0)
        with api.request("load_balancer.add_service") as cloud:
            balancer = cloud.get("load_balancer", inputs["loadBalancerId"])
            if not port or (inputs["protocol"] == "tcp" and not inputs.get("destinationPort")):
                raise invalid("listen_port", "listen_port and destination_port are required for tcp")
            if port in balancer["services"]:
                raise ApiError("source_port_already_used", f"source port {port} is already used")
            kind = catalogue.balancer_type(balancer["loadBalancerType"])
            if kind and len(balancer["services"]) >= kind.services:
                raise ApiError("resource_limit_exceeded", "load balancer service limit exceeded")
            balancer["services"][port] = _service(inputs, port)
        return f"{inputs['loadBalancerId']}__{port}"

    def _change(self, api: Api, identity: str, inputs: Values, state: Values) -> None:
        number, _, port = identity.partition("__")
        with api.request("load_balancer.update_service") as cloud:
            services = cloud.get("load_balancer", number)["services"]
            services[int(port)] = services[int(port)] | _service(inputs, int(port))

    def _remove(self, api: Api, identity: str, state: Values) -> None:
        if self._record(identity, state) is not None:
            number, _, port = identity.partition("__")
            with api.request("load_balancer.delete_service") as cloud:
                del cloud.get("load_balancer", number)["services"][int(port)]

    def _record(self, identity: str, known: Values) -> Record | None:
        number, _, port = identity.partition("__")
        services = self._cloud.tables["load_balancer"].get(int(number), {"services": {}})["services"]
        found = services.get(int(port))
        return None if found is None else {**found, "loadBalancerId": number}


class LoadBalancerTarget(Resource):
    """Where connections go."""

    kind = "load_balancer"
    named_itself = False
    replaced_by = frozenset({"loadBalancerId", "serverId", "labelSelector", "ip"})
    computed = frozenset({"usePrivateIp"})

    def check(self, inputs: Values) -> Values:
        if len(set(_WAYS.values()) & set(inputs)) != 1:
            raise Mistake("serverId", "only one of `ip,label_selector,server_id` can be specified")
        return inputs

    def _make(self, api: Api, inputs: Values) -> str:
        number, target = inputs["loadBalancerId"], _target(inputs)
        with api.request("load_balancer.get") as cloud:
            if number not in cloud.tables["load_balancer"]:
                raise ProviderError(f"load balancer {number}: not found")
            balancer = cloud.get("load_balancer", number)
        if target.get("usePrivateIp") and not balancer["networks"]:
            op = "hcloud/resourceLoadBalancerCreateServerTarget"
            raise ProviderError(f"{op}: load balancer {number}: no private networks")
        with api.request("load_balancer.add_target") as cloud:
            kind = catalogue.balancer_type(balancer["loadBalancerType"])
            if kind and len(balancer["targets"]) >= kind.targets:
                raise ApiError("resource_limit_exceeded", "load balancer target limit exceeded")
            if target["type"] == "server":
                _check_server(cloud, balancer, target)
            if target not in balancer["targets"]:  # the real provider takes being there already for success
                balancer["targets"].append(target)
        return _identity(target, number)

    def _change(self, api: Api, identity: str, inputs: Values, state: Values) -> None:
        self._remove(api, identity, state)
        self._make(api, inputs)

    def _remove(self, api: Api, identity: str, state: Values) -> None:
        if self._record(identity, state) is not None:
            number = int(identity.rsplit("-", 1)[1])
            with api.request("load_balancer.remove_target") as cloud:
                balancer = cloud.get("load_balancer", number)
                balancer["targets"] = [one for one in balancer["targets"] if _identity(one, number) != identity]

    def _record(self, identity: str, known: Values) -> Record | None:
        number = int(identity.rsplit("-", 1)[1])
        targets = self._cloud.tables["load_balancer"].get(number, {"targets": []})["targets"]
        found = next((one for one in targets if _identity(one, number) == identity), None)
        return None if found is None else {**found, "loadBalancerId": number}


def _service(inputs: Values, port: int) -> Record:
    to = inputs.get("destinationPort") or 80
    watched = {"protocol": inputs["protocol"], "port": to, "interval": 15, "timeout": 10, "retries": 3}
    service: Record = {
        "protocol": inputs["protocol"],
        "listenPort": port,
        "destinationPort": to,
        "proxyprotocol": inputs.get("proxyprotocol", False),
        "healthCheck": inputs.get("healthCheck", watched),
    }
    if inputs["protocol"] != "tcp":
        service["http"] = inputs.get("http", {})
    return service


def _target(inputs: Values) -> Record:
    way = _WAYS.get(inputs["type"])
    if way is None or way not in inputs:
        raise ProviderError(f"unsupported target type: {inputs['type']}")
    target: dict[str, Any] = {"type": inputs["type"], way: inputs[way]}
    if way != "ip":
        target["usePrivateIp"] = inputs.get("usePrivateIp", False)
    return target


def _check_server(cloud: Cloud, balancer: Record, target: Record) -> None:
    number = target["serverId"]
    if number not in cloud.tables["server"]:
        raise ProviderError(f"server {number}: not found")
    server = cloud.get("server", number)
    if not target["usePrivateIp"]:
        if not server["ipv4"]:
            raise ApiError("missing_ipv4", "server has no public IPv4")
        return
    mine = {one["networkId"] for one in balancer["networks"]}
    if not mine & {one["networkId"] for one in server["networks"]}:
        raise ApiError("server_not_attached_to_network", "server is not attached to the network of the load balancer")


def _identity(target: Record, balancer: int) -> str:
    if target["type"] == "server":
        return f"lb-srv-tgt-{target['serverId']}-{balancer}"
    text = target[_WAYS[target["type"]]]
    return f"lb-{target['type'].replace('_', '-')}-tgt-{hashlib.sha256(text.encode()).hexdigest()}-{balancer}"
