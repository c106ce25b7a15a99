"""What the functions tell, in the provider's words."""

from collections.abc import Sequence

from . import catalogue
from .cloud import Cloud, Record
from .server import Server
from .zone import told

_LASTING = {"isDeprecated": False, "deprecationAnnounced": "", "unavailableAfter": ""}


class Answers:
    """Everything of a kind."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def types(self) -> Sequence[Record]:
        return [
            {
                "id": one.id,
                "name": one.name,
                "description": one.name.upper(),
                "category": one.category,
                "cores": one.cores,
                "memory": one.memory,
                "disk": one.disk,
                "storageType": "local",
                "cpuType": one.cpu,
                "architecture": one.architecture,
                "includedTraffic": 0,
                "locations": [self._offer(one, place) for place in one.locations],
                **_LASTING,
            }
            for one in catalogue.SERVER_TYPES
        ]

    def _offer(self, kind: catalogue.ServerType, name: str) -> Record:
        place = catalogue.location(name)
        here = (kind.name, name) not in self._cloud.sold_out
        return {"id": place.id if place else 0, "name": name, "available": here, "recommended": here, **_LASTING}

    def locations(self) -> Sequence[Record]:
        return [
            {
                "id": one.id,
                "name": one.name,
                "description": one.description,
                "city": one.city,
                "country": one.country,
                "latitude": one.latitude,
                "longitude": one.longitude,
                "networkZone": one.zone,
            }
            for one in catalogue.LOCATIONS
        ]

    def balancers(self) -> Sequence[Record]:
        return [
            {
                "id": one.id,
                "name": one.name,
                "description": one.name.upper(),
                "maxServices": one.services,
                "maxTargets": one.targets,
                "maxConnections": one.connections,
                "maxAssignedCertificates": one.certificates,
                **_LASTING,
            }
            for one in catalogue.BALANCER_TYPES
        ]

    def images(self) -> Sequence[Record]:
        return [
            {
                "id": one.id,
                "name": one.name,
                "type": "system",
                "description": one.name.replace("-", " ").title(),
                "created": one.created,
                "osFlavor": one.name.partition("-")[0],
                "osVersion": one.version,
                "architecture": one.architecture,
                "rapidDeploy": True,
                "labels": {},
                "deprecated": "",
                **_LASTING,
            }
            for one in catalogue.IMAGES
        ]

    def zones(self) -> Sequence[Record]:
        keys = ("id", "name", "mode", "ttl", "labels", "deleteProtection")
        return [{**{key: one[key] for key in keys}, **told(one)} for one in self._cloud.all("zone")]

    def servers(self) -> Sequence[Record]:
        seen = Server(self._cloud)
        rest = {"datacenter": "", "iso": "", "rescue": ""}
        return [
            {**rest, **seen._seen(one, {}), "id": one["id"], "networks": one["networks"]}
            for one in self._cloud.all("server")
        ]
