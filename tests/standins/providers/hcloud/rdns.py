"""Reverse names of addresses."""

from ipaddress import IPv6Network, ip_address

from ..kind import Mistake
from ..values import Values
from . import errors
from .api import Api
from .cloud import Record
from .errors import ApiError, ProviderError
from .resource import Resource

_OWNERS = {
    "serverId": ("s", "server"),
    "primaryIpId": ("p", "primary_ip"),
    "loadBalancerId": ("l", "load_balancer"),
}


class Rdns(Resource):
    """The name of an address of a server, a primary IP or a load balancer."""

    kind = "rdns"
    named_itself = False
    replaced_by = frozenset({"serverId", "primaryIpId", "floatingIpId", "loadBalancerId", "ipAddress"})
    worded = staticmethod(errors.newer)

    def check(self, inputs: Values) -> Values:
        if len(set(_OWNERS) & set(inputs)) != 1:
            names = "server_id,primary_ip_id,floating_ip_id,load_balancer_id"
            raise Mistake("serverId", f"Exactly one of these attributes must be configured: [{names}]")
        return inputs

    def _make(self, api: Api, inputs: Values) -> str:
        owner = next(key for key in _OWNERS if key in inputs)
        letter, kind = _OWNERS[owner]
        identity = f"{letter}-{inputs[owner]}-{inputs['ipAddress']}"
        self._point(api, identity, inputs["dnsPtr"], kind.replace("_", " "))
        return identity

    def _change(self, api: Api, identity: str, inputs: Values, state: Values) -> None:
        self._point(api, identity, inputs["dnsPtr"], "resource")

    def _remove(self, api: Api, identity: str, state: Values) -> None:
        if self._record(identity, state) is not None:
            with api.request("rdns.change_dns_ptr") as cloud:
                cloud.pointers.pop(str(ip_address(identity.split("-", 2)[2])), None)

    def _record(self, identity: str, known: Values) -> Record | None:
        letter, number, text = identity.split("-", 2)
        owner, kind = next((key, kind) for key, (sign, kind) in _OWNERS.items() if sign == letter)
        name = self._cloud.pointers.get(str(ip_address(text)))
        if name is None or int(number) not in self._cloud.tables[kind]:
            return None
        return {owner: int(number), "ipAddress": text, "dnsPtr": name}

    def _point(self, api: Api, identity: str, name: str, owner: str) -> None:
        letter, number, text = identity.split("-", 2)
        kind = next(kind for sign, kind in _OWNERS.values() if sign == letter)
        with api.request(f"{kind}.get") as cloud:
            if int(number) not in cloud.tables[kind]:
                raise ProviderError(f"Resource not found: Resource ({owner}) was not found: id={number}")
        with api.request("rdns.change_dns_ptr") as cloud:
            if not _owns(cloud.tables, cloud.get(kind, number), text):
                raise ApiError("not_found", f"IP {text} is not of this {owner}")
            cloud.pointers[str(ip_address(text))] = name.rstrip(".")


def _owns(tables: dict[str, dict[int, Record]], owner: Record, text: str) -> bool:
    numbers = (owner.get("ipv4"), owner.get("ipv6"))
    addresses = [owner, *(tables["primary_ip"][one] for one in numbers if one in tables["primary_ip"])]
    for one in addresses:
        network = one.get("ipNetwork") or one.get("network6")
        if network and ":" in text and ip_address(text) in IPv6Network(network):
            return True
        if text in {one.get("ipAddress"), one.get("ipv4"), one.get("ipv6")}:
            return True
    return False
