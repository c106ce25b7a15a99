"""Zones and sets of records."""

from ..kind import Mistake
from ..values import Values
from . import errors
from .api import Api
from .cloud import Record
from .errors import ApiError, gone, invalid
from .fresh_zone import NAME_SERVERS, fresh_zone, rrset
from .records import check_records
from .resource import Resource, changed


class Zone(Resource):
    """A zone, which is born with its name servers."""

    kind = "zone"
    replaced_by = frozenset({"name", "mode"})
    computed = frozenset({"deleteProtection", "primaryNameservers"})
    defaults = {"ttl": 3600}  # noqa: RUF012  # never changed
    outputs = ("authoritativeNameservers", "registrar")
    worded = staticmethod(errors.newer)

    def check(self, inputs: Values) -> Values:
        if inputs.get("mode") != "primary":
            raise Mistake("mode", "no stand-in for secondary zones")
        return super().check(inputs)

    def _make(self, api: Api, inputs: Values) -> str:
        with api.request("zone.create") as cloud:
            cloud.unique("zone", inputs["name"], "zone with this name already exists")
            zone = {**fresh_zone(inputs["name"], inputs["ttl"]), **self._wished(inputs)}
            return str(cloud.add("zone", zone)["id"])

    def _change(self, api: Api, identity: str, inputs: Values, state: Values) -> None:
        record, wished = self._cloud.get("zone", identity), self._wished(inputs)
        if changed(wished, record, "ttl"):
            with api.request("zone.change_ttl"):
                record["ttl"] = wished["ttl"]
        if changed(wished, record, "deleteProtection"):
            with api.request("zone.change_protection"):
                record["deleteProtection"] = wished["deleteProtection"]
        with api.request("zone.update"):
            record["labels"] = wished["labels"]

    def _seen(self, record: Record, inputs: Values) -> Values:
        keys = ("name", "mode", "ttl", "labels", "deleteProtection")
        return {**{key: record[key] for key in keys}, **told(record)}

    def _wished(self, inputs: Values) -> Record:
        protected = inputs.get("deleteProtection", False)
        keys = ("name", "ttl")
        return {**{key: inputs[key] for key in keys}, "labels": inputs.get("labels", {}), "deleteProtection": protected}


class ZoneRrset(Resource):
    """All records of one name and type."""

    kind = "zone"
    replaced_by = frozenset({"zone", "name", "type"})
    computed = frozenset({"changeProtection"})
    worded = staticmethod(errors.newer)

    def _make(self, api: Api, inputs: Values) -> str:
        identity = f"{inputs['name']}/{inputs['type']}"
        check_records(inputs["name"], inputs["type"], inputs["records"])
        with api.request("zone.create_rrset") as cloud:
            zone = cloud.find("zone", inputs["zone"])
            if zone is None:
                raise gone("zone", inputs["zone"])
            if inputs["type"] == "SOA":
                return identity  # it is there already, and is taken into the state
            if identity in zone["rrsets"]:
                raise ApiError("uniqueness_error", f"RRSet {identity} already exists")
            beside = {one["type"] for one in zone["rrsets"].values() if one["name"] == inputs["name"]}
            if beside and "CNAME" in {*beside, inputs["type"]}:
                raise invalid("type", "a CNAME must be the only RRSet of its name")
            made = rrset(inputs["name"], inputs["type"], [])
            made.update(records=inputs["records"], ttl=inputs.get("ttl"), labels=inputs.get("labels", {}))
            made["changeProtection"] = inputs.get("changeProtection", False)
            zone["rrsets"][identity] = made
        return identity

    def _change(self, api: Api, identity: str, inputs: Values, state: Values) -> None:
        check_records(inputs["name"], inputs["type"], inputs["records"])
        record = self._record(identity, state)
        if record is None:
            raise gone("zone rrset", identity)
        record = self._cloud.named("zone", record["zone"])["rrsets"][identity]
        protected = inputs.get("changeProtection", False)
        if record["changeProtection"] and not protected:
            self._protect(api, record, protected=False)
        if record["changeProtection"] and changed(inputs, record, "ttl", "records"):
            raise ApiError("protected", "RRSet is protected")
        if record["ttl"] != inputs.get("ttl"):
            with api.request("zone.change_rrset_ttl"):
                record["ttl"] = inputs.get("ttl")
        if record["records"] != inputs["records"]:
            with api.request("zone.set_rrset_records"):
                record["records"] = inputs["records"]
        with api.request("zone.update_rrset"):
            record["labels"] = inputs.get("labels", {})
        if protected:
            self._protect(api, record, protected=True)

    def _remove(self, api: Api, identity: str, state: Values) -> None:
        record = self._record(identity, state)
        if record is None or record["type"] == "SOA":
            return
        with api.request("zone.delete_rrset") as cloud:
            if record["changeProtection"]:
                raise ApiError("protected", "RRSet is protected")
            del cloud.named("zone", record["zone"])["rrsets"][identity]

    def _record(self, identity: str, known: Values) -> Record | None:
        zone = self._cloud.find("zone", known.get("zone"))
        found = zone["rrsets"].get(identity) if zone else None
        return None if zone is None or found is None else {**found, "zone": zone["name"]}

    def _seen(self, record: Record, inputs: Values) -> Values:
        return {key: value for key, value in super()._seen(record, inputs).items() if key != "zone"}

    def _protect(self, api: Api, record: Record, *, protected: bool) -> None:
        with api.request("zone.change_rrset_protection"):
            record["changeProtection"] = protected


def told(zone: Record) -> Record:
    """What only the cloud tells of a zone."""
    servers = {"assigneds": list(NAME_SERVERS)}
    return {"authoritativeNameservers": servers, "primaryNameservers": [], "registrar": "other"}
