"""Servers: made, changed in place where that is possible, looked at, removed."""

import base64
import hashlib

from ..kind import Mistake
from ..values import Values
from . import catalogue, changes, order, removal
from .api import Api
from .changes import FAMILIES
from .cloud import Record
from .errors import ApiError
from .machines import Order
from .resource import Resource


class Server(Resource):
    """A server; what it was made with besides its type and its places in networks cannot be changed."""

    kind = "server"
    replaced_by = frozenset({"image", "location", "userData", "sshKeys"})
    computed = frozenset({"image", "location", "firewallIds", "publicNets", "networks"})
    ordered = frozenset({"sshKeys"})
    outputs = ("ipv4Address", "ipv6Address", "ipv6Network", "status", "primaryDiskSize", "backupWindow")
    defaults = {  # noqa: RUF012  # never changed
        "backups": False,
        "deleteProtection": False,
        "ignoreRemoteFirewallIds": False,
        "keepDisk": False,
        "rebuildProtection": False,
        "shutdownBeforeDeletion": False,
    }

    def check(self, inputs: Values) -> Values:
        for one in inputs.get("networks") or []:
            if isinstance(one, dict) and not {"networkId", "subnetId"} & set(one):
                raise Mistake("networks", "either subnet_id or network_id must be set")
        if "datacenter" in inputs:
            raise Mistake("datacenter", "The datacenter attribute was removed; use location")
        for later in ("iso", "rescue"):
            if inputs.get(later):
                raise Mistake(later, "no stand-in")
        return super().check(inputs)

    def _make(self, api: Api, inputs: Values) -> str:
        wish = order.checked(api, inputs)
        with api.request("server.create") as cloud:
            place = order.admit(cloud, inputs, wish)
            made: Record = {
                "name": inputs["name"],
                "serverType": wish.type.name,
                "image": wish.image.name,
                "location": place,
                "labels": inputs.get("labels", {}),
                "status": "running",
                "primaryDiskSize": wish.type.disk,
                "ipv4": 0,
                "ipv6": 0,
                "networks": [],
                "firewallIds": list(inputs.get("firewallIds") or []),
                "placementGroupId": inputs.get("placementGroupId"),
                "sshKeys": wish.keys,
                "userData": inputs.get("userData", ""),
                "backups": False,
                "deleteProtection": False,
                "rebuildProtection": False,
                "booted": False,
            }
            made = cloud.add("server", made)
            try:
                for family in FAMILIES:
                    changes.give_address(cloud, made, family, order.public_net(inputs))
            except ApiError:
                removal.remove(cloud, "server", made["id"])
                raise
            return str(made["id"])

    def _finish(self, api: Api, identity: str, inputs: Values) -> None:
        record = self._cloud.get("server", identity)
        for wish in inputs.get("networks") or []:
            changes.join(api, record, wish)
        if inputs["backups"]:
            with api.request("server.enable_backup"):
                record["backups"] = True
        changes.protect(api, record, inputs)
        self._boot(record)

    def _change(self, api: Api, identity: str, inputs: Values, state: Values) -> None:
        record = self._cloud.get("server", identity)
        labels = inputs.get("labels", {})
        if record["name"] != inputs["name"] or record["labels"] != labels:
            with api.request("server.update") as cloud:
                cloud.unique("server", inputs["name"], "server name is already used", but=int(identity))
                record.update(name=inputs["name"], labels=labels)
        if record["serverType"] != inputs["serverType"]:
            changes.change_type(api, record, inputs)
        if record["backups"] != inputs["backups"]:
            with api.request("server.enable_backup" if inputs["backups"] else "server.disable_backup"):
                record["backups"] = inputs["backups"]
        if "networks" in inputs:
            changes.change_networks(api, record, inputs["networks"])
        if "firewallIds" in inputs and sorted(record["firewallIds"]) != sorted(inputs["firewallIds"]):
            with api.request("firewall.apply_to_resources") as cloud:
                for number in inputs["firewallIds"]:
                    cloud.get("firewall", number)
                record["firewallIds"] = list(inputs["firewallIds"])
        if "publicNets" in inputs and inputs["publicNets"] != state.get("publicNets"):
            changes.change_addresses(api, record, inputs, state)
        if record["placementGroupId"] != inputs.get("placementGroupId"):
            changes.change_group(api, record, inputs.get("placementGroupId"))
        changes.protect(api, record, inputs)
        self._boot(record)  # where the run that made it did not come that far

    def _remove(self, api: Api, identity: str, state: Values) -> None:
        if self._cloud.strict_deletes:
            with api.request("server.shutdown" if state.get("shutdownBeforeDeletion") else "server.get") as cloud:
                cloud.get("server", identity)
        record = self._record(identity, state)
        super()._remove(api, identity, state)
        if record is not None:
            self._cloud.stop_machine(record)

    def _seen(self, record: Record, inputs: Values) -> Values:
        if not record:
            return {}
        hidden = {"id", "ipv4", "ipv6", "networks", "sshKeys", "userData", "booted"}
        shown = {key: value for key, value in record.items() if key not in hidden}
        v4, v6 = (self._cloud.tables["primary_ip"].get(record[family]) for family in FAMILIES)
        shown["ipv4Address"] = v4["ipAddress"] if v4 else None
        shown["ipv6Address"] = f"{v6['ipAddress']}1" if v6 else None
        shown["ipv6Network"] = v6["ipNetwork"] if v6 else None
        shown["backupWindow"] = "22-02" if record["backups"] else ""
        if catalogue.image(str(inputs.get("image", "")), "") is not None:  # named by its number
            shown["image"] = inputs["image"]
        if inputs.get("networks"):
            shown["networks"] = [dict(one) for one in record["networks"]]
        if text := inputs.get("userData"):
            # The real one keeps no more of it than this.
            digest = hashlib.sha1(text.encode()).digest()  # noqa: S324  # not for secrecy
            shown["userData"] = base64.b64encode(digest).decode()
        return shown

    def _boot(self, record: Record) -> None:
        if self._cloud.machines and not record["booted"]:
            self._cloud.machines.boot(self._order(record))
            record["booted"] = True

    def _order(self, record: Record) -> Order:
        seen = self._seen(record, {})
        private = record["networks"][0]["ip"] if record["networks"] else ""
        return Order(
            id=record["id"],
            name=record["name"],
            server_type=record["serverType"],
            location=record["location"],
            image=record["image"],
            ipv4=seen["ipv4Address"] or "",
            ipv6=seen["ipv6Address"] or "",
            private_address=private,
            user_data=record["userData"],
            ssh_keys=list(record["sshKeys"]),
        )
