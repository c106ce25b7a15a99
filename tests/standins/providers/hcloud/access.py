"""Keys, firewalls and placement groups."""

import base64
import binascii
import hashlib

from ..kind import Mistake
from ..values import Values
from . import errors
from .api import Api
from .cloud import Record
from .errors import ApiError, invalid
from .resource import Resource, changed

_PROTOCOLS = frozenset({"tcp", "udp", "icmp", "esp", "gre"})
_WITH_PORTS = frozenset({"tcp", "udp"})


class SshKey(Resource):
    """A public key that new servers let in."""

    kind = "ssh_key"
    replaced_by = frozenset({"publicKey"})
    outputs = ("fingerprint",)
    worded = staticmethod(errors.newer)

    def _make(self, api: Api, inputs: Values) -> str:
        mark = _fingerprint(inputs["publicKey"])
        with api.request("ssh_key.create") as cloud:
            cloud.unique("ssh_key", inputs["name"])
            if any(one["fingerprint"] == mark for one in cloud.all("ssh_key")):
                raise ApiError("uniqueness_error", "SSH key with the same fingerprint already exists")
            key = {"name": inputs["name"], "publicKey": inputs["publicKey"], "fingerprint": mark}
            return str(cloud.add("ssh_key", {**key, "labels": inputs.get("labels", {})})["id"])

    def _change(self, api: Api, identity: str, inputs: Values, state: Values) -> None:
        with api.request("ssh_key.update") as cloud:
            cloud.unique("ssh_key", inputs["name"], but=int(identity))
            cloud.get("ssh_key", identity).update(name=inputs["name"], labels=inputs.get("labels", {}))


class Firewall(Resource):
    """Rules for the public interfaces of servers."""

    kind = "firewall"
    computed = frozenset({"labels", "applyTos"})

    def check(self, inputs: Values) -> Values:
        for rule in inputs.get("rules") or []:
            if isinstance(rule, dict):
                _check_rule(rule)
        return inputs

    def _make(self, api: Api, inputs: Values) -> str:
        with api.request("firewall.create") as cloud:
            cloud.unique("firewall", inputs["name"])
            return str(cloud.add("firewall", self._wished(inputs))["id"])

    def _change(self, api: Api, identity: str, inputs: Values, state: Values) -> None:
        record = self._cloud.get("firewall", identity)
        wished = self._wished(inputs)
        if changed(wished, record, "name", "labels"):
            with api.request("firewall.update") as cloud:
                cloud.unique("firewall", inputs["name"], but=int(identity))
        if changed(wished, record, "rules"):
            with api.request("firewall.set_rules"):
                pass
        record.update(wished)

    def _seen(self, record: Record, inputs: Values) -> Values:
        on = [one["id"] for one in self._cloud.all("server") if record["id"] in one["firewallIds"]]
        shown = {key: record[key] for key in ("name", "labels", "rules")}
        return {**shown, "applyTos": [*({"server": one} for one in on), *record["selectors"]]}

    def _wished(self, inputs: Values) -> Record:
        # What it applies to by number is kept with the server; a selector is kept and not acted upon.
        selectors = [one for one in inputs.get("applyTos") or [] if one.get("labelSelector")]
        rules = inputs.get("rules", [])
        return {"name": inputs["name"], "labels": inputs.get("labels", {}), "rules": rules, "selectors": selectors}


class PlacementGroup(Resource):
    """Servers on different machines."""

    kind = "placement_group"
    outputs = ("servers",)

    def check(self, inputs: Values) -> Values:
        if inputs.get("type") != "spread":
            raise Mistake("type", f"{inputs.get('type')} is not a valid placement group type")
        return inputs

    def _make(self, api: Api, inputs: Values) -> str:
        with api.request("placement_group.create") as cloud:
            cloud.unique("placement_group", inputs["name"])
            group = {"name": inputs["name"], "type": "spread", "labels": inputs.get("labels", {})}
            return str(cloud.add("placement_group", group)["id"])

    def _change(self, api: Api, identity: str, inputs: Values, state: Values) -> None:
        with api.request("placement_group.update") as cloud:
            cloud.unique("placement_group", inputs["name"], but=int(identity))
            cloud.get("placement_group", identity).update(name=inputs["name"], labels=inputs.get("labels", {}))

    def _remove(self, api: Api, identity: str, state: Values) -> None:
        if self._cloud.strict_deletes:
            self._cloud.get("placement_group", identity)
        super()._remove(api, identity, state)

    def _seen(self, record: Record, inputs: Values) -> Values:
        inside = [one["id"] for one in self._cloud.all("server") if one["placementGroupId"] == record["id"]]
        return {**super()._seen(record, inputs), "servers": inside}


def _check_rule(rule: Values) -> None:
    if rule.get("direction") not in {"in", "out"}:
        raise Mistake("rules", f"{rule.get('direction')} is not a valid direction")
    if rule.get("protocol") not in _PROTOCOLS:
        raise Mistake("rules", f"{rule.get('protocol')} is not a valid protocol")
    if (rule["protocol"] in _WITH_PORTS) != ("port" in rule):
        raise Mistake("rules", f"port is for tcp and udp, not for {rule['protocol']}, where it is needed")


def _fingerprint(public_key: str) -> str:
    """MD5, as the API has it."""
    try:
        digest = hashlib.md5(base64.b64decode(public_key.split()[1])).hexdigest()  # noqa: S324  # not for secrecy
    except (IndexError, binascii.Error):
        raise invalid("public_key", "not a valid SSH public key") from None
    return ":".join(digest[index : index + 2] for index in range(0, len(digest), 2))
