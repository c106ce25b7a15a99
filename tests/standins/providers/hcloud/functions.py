"""What a program may ask before anything is made: types, locations, images, zones, servers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from ..kind import Call, Failure, Function
from ..values import Values
from . import errors
from .answers import Answers
from .api import Api
from .cloud import Cloud, Record
from .errors import ApiError

Listed = Callable[[], Sequence[Record]]


class Functions:
    """The functions, each asking with the token of the provider that is called."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def table(self) -> Mapping[str, Function]:
        """All of them, by their names."""
        tell = Answers(self._cloud)
        known: dict[str, Function] = {
            "getServerType": self._one("server_type", tell.types),
            "getServerTypes": self._many("server_type", tell.types, self._type_list),
            "getLocation": self._one("location", tell.locations),
            "getLocations": self._many("location", tell.locations, self._location_list),
            "getLoadBalancerType": self._one("load_balancer_type", tell.balancers),
            "getLoadBalancerTypes": self._many("load_balancer_type", tell.balancers, self._balancer_list),
            "getZone": self._one("zone", tell.zones),
            "getZones": self._many("zone", tell.zones, lambda found, _: {"zones": found}),
            "getImage": self._image,
            "getImages": self._many("image", tell.images, lambda found, _: {"images": found}),
            "getServers": self._many("server", tell.servers, self._server_list),
        }
        return {f"hcloud:index/{name}:{name}": function for name, function in known.items()}

    def _one(self, kind: str, listed: Listed) -> Function:
        def look(call: Call, given: Values) -> Values:
            with self._asked(call, f"{kind}.get"):
                for key in ("id", "name"):
                    if key in given:
                        return _found(kind, key, given[key], [one for one in listed() if one[key] == given[key]])
                raise Failure("Exactly one of these attributes must be configured: [id,name]")

        return look

    def _many(self, kind: str, listed: Listed, shaped: Callable[[Sequence[Record], Values], Values]) -> Function:
        def look(call: Call, given: Values) -> Values:
            with self._asked(call, f"{kind}.list"):
                return {"id": kind, **given, **shaped(listed(), given)}

        return look

    def _image(self, call: Call, given: Values) -> Values:
        tell = Answers(self._cloud)
        architecture = given.get("withArchitecture", "x86")
        with self._asked(call, "image.get"):
            if "id" in given:
                fitting = [one for one in tell.images() if one["id"] == given["id"]]
                return {**given, **_found("image", "id", given["id"], fitting)}
            named = [one for one in tell.images() if one["name"] == given.get("name")]
            fitting = [one for one in named if one["architecture"] == architecture]
            return {**given, **_found("image", "name", given.get("name"), fitting)}

    def _type_list(self, found: Sequence[Record], given: Values) -> Values:
        return {**_columns(found, "serverTypeIds"), "serverTypes": found}

    def _location_list(self, found: Sequence[Record], given: Values) -> Values:
        return {**_columns(found, "locationIds"), "locations": found}

    def _balancer_list(self, found: Sequence[Record], given: Values) -> Values:
        return {"loadBalancerTypes": found}

    def _server_list(self, found: Sequence[Record], given: Values) -> Values:
        wanted = [part.partition("=") for part in given.get("withSelector", "").split(",") if part]
        fitting = [one for one in found if all(one["labels"].get(key) == value for key, _, value in wanted)]
        states = given.get("withStatuses") or []
        return {"servers": [one for one in fitting if not states or one["status"] in states]}

    @contextmanager
    def _asked(self, call: Call, operation: str) -> Iterator[None]:
        try:
            with Api(self._cloud, str(call.settings.get("token", "")), call.stop).request(operation):
                yield
        except ApiError as error:
            raise Failure(errors.newer(error)) from None


def _found(kind: str, key: str, value: object, fitting: Sequence[Record]) -> Values:
    if not fitting:
        name = kind.replace("_", " ")
        shown = f'"{value}"' if isinstance(value, str) else value
        raise Failure(f"Resource not found: Resource ({name}) was not found: {key}={shown}")
    return dict(fitting[0])


def _columns(found: Sequence[Record], numbers: str) -> Values:
    ids = [str(one["id"]) for one in found]
    return {
        numbers: ids,
        "names": [one["name"] for one in found],
        "descriptions": [one["description"] for one in found],
    }
