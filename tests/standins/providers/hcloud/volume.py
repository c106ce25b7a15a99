"""Disks of their own, and which server has them."""

from ..values import Values
from .api import Api
from .catalogue import location
from .cloud import Cloud, Record
from .errors import ApiError, invalid
from .resource import Resource, changed

_SMALLEST, _LARGEST = 10, 10240


class Volume(Resource):
    """A disk; it grows and never shrinks."""

    kind = "volume"
    replaced_by = frozenset({"location"})
    computed = frozenset({"location", "serverId"})
    defaults = {"deleteProtection": False}  # noqa: RUF012  # never changed
    outputs = ("linuxDevice",)

    def _make(self, api: Api, inputs: Values) -> str:
        if not _SMALLEST <= inputs["size"] <= _LARGEST:
            raise invalid("size", f"must be between {_SMALLEST} and {_LARGEST}")
        with api.request("volume.create") as cloud:
            cloud.unique("volume", inputs["name"])
            owner = inputs.get("serverId", 0)
            place = cloud.get("server", owner)["location"] if owner else inputs.get("location")
            if location(str(place)) is None:
                raise invalid("location", "location not found")
            made = {key: inputs.get(key) for key in ("name", "size", "format", "automount", "deleteProtection")}
            record = cloud.add("volume", {**made, "labels": inputs.get("labels", {}), "location": place, "serverId": 0})
            record["linuxDevice"] = f"/dev/disk/by-id/scsi-0HC_Volume_{record['id']}"
            if owner:
                attach(cloud, record, owner)
            return str(record["id"])

    def _change(self, api: Api, identity: str, inputs: Values, state: Values) -> None:
        record = self._cloud.get("volume", identity)
        with api.request("volume.update") as cloud:
            cloud.unique("volume", inputs["name"], but=int(identity))
            record.update(name=inputs["name"], labels=inputs.get("labels", {}))
        if changed(inputs, record, "size"):
            with api.request("volume.resize"):
                if inputs["size"] < record["size"]:
                    raise invalid("size", "must be greater than the current size")
                record["size"] = inputs["size"]
        if changed(inputs, record, "deleteProtection"):
            with api.request("volume.change_protection"):
                record["deleteProtection"] = inputs["deleteProtection"]
        if "serverId" in inputs and inputs["serverId"] != record["serverId"]:
            with api.request("volume.attach") as cloud:
                record["serverId"] = 0
                attach(cloud, record, inputs["serverId"])

    def _remove(self, api: Api, identity: str, state: Values) -> None:
        record = self._record(identity, state)
        if record and record["serverId"] and not record["deleteProtection"]:
            with api.request("volume.detach"):
                record["serverId"] = 0
        super()._remove(api, identity, state)

    def _seen(self, record: Record, inputs: Values) -> Values:
        return {**super()._seen(record, inputs), "serverId": record["serverId"] or None}


class VolumeAttachment(Resource):
    """A volume that a server has."""

    kind = "volume"
    named_itself = False
    replaced_by = frozenset({"volumeId", "serverId"})
    computed = frozenset({"automount"})

    def _make(self, api: Api, inputs: Values) -> str:
        with api.request("volume.attach") as cloud:
            attach(cloud, cloud.get("volume", inputs["volumeId"]), inputs["serverId"])
        return str(inputs["volumeId"])

    def _change(self, api: Api, identity: str, inputs: Values, state: Values) -> None:
        """Only how it was attached; that is over."""

    def _remove(self, api: Api, identity: str, state: Values) -> None:
        if self._record(identity, state) is not None:
            with api.request("volume.detach") as cloud:
                cloud.get("volume", identity)["serverId"] = 0

    def _record(self, identity: str, known: Values) -> Record | None:
        record = super()._record(identity, known)
        return record if record and record["serverId"] else None

    def _seen(self, record: Record, inputs: Values) -> Values:
        return {"volumeId": record["id"], "serverId": record["serverId"]}


def attach(cloud: Cloud, volume: Record, number: int) -> None:
    """Give a volume to a server of its location."""
    server = cloud.get("server", number)
    if volume["serverId"]:
        raise ApiError("volume_already_attached", "volume is already attached to a server")
    if server["location"] != volume["location"]:
        raise ApiError("invalid_input", "volume and server must be in the same location")
    volume["serverId"] = number
