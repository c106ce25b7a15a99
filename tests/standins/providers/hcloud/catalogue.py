"""What can be bought: a small part of the real lists, enough to be right and wrong about."""

from dataclasses import dataclass

_EUROPE = ("fsn1", "nbg1", "hel1")
_WORLD = (*_EUROPE, "ash", "hil", "sin")


@dataclass(frozen=True)
class Location:
    """Where things stand."""

    id: int
    name: str
    city: str
    country: str
    zone: str
    latitude: float
    longitude: float
    description: str


@dataclass(frozen=True)
class ServerType:
    """A size of server; not every location has all."""

    id: int
    name: str
    cores: int
    memory: int
    disk: int
    locations: tuple[str, ...]
    architecture: str = "x86"
    cpu: str = "shared"
    category: str = "Cost-Optimized"


@dataclass(frozen=True)
class Image:
    """What a server starts with; one for each architecture."""

    id: int
    name: str
    architecture: str
    version: str
    created: str


@dataclass(frozen=True)
class BalancerType:
    """A size of load balancer."""

    id: int
    name: str
    services: int
    targets: int
    connections: int
    certificates: int


LOCATIONS = (
    Location(1, "fsn1", "Falkenstein", "DE", "eu-central", 50.47612, 12.370071, "Falkenstein DC Park 1"),
    Location(2, "nbg1", "Nuremberg", "DE", "eu-central", 49.452102, 11.076665, "Nuremberg DC Park 1"),
    Location(3, "hel1", "Helsinki", "FI", "eu-central", 60.169855, 24.938379, "Helsinki DC Park 1"),
    Location(4, "ash", "Ashburn, VA", "US", "us-east", 39.045821, -77.487073, "Ashburn, VA"),
    Location(5, "hil", "Hillsboro, OR", "US", "us-west", 45.54222, -122.951924, "Hillsboro, OR"),
    Location(6, "sin", "Singapore", "SG", "ap-southeast", 1.283333, 103.833333, "Singapore"),
)
SERVER_TYPES = (
    ServerType(114, "cx23", 2, 4, 40, _EUROPE),
    ServerType(115, "cx33", 4, 8, 80, _EUROPE),
    ServerType(116, "cx43", 8, 16, 160, _EUROPE),
    ServerType(117, "cx53", 16, 32, 320, _EUROPE),
    ServerType(108, "cpx12", 1, 2, 40, (*_EUROPE, "sin"), category="Regular Performance"),
    ServerType(109, "cpx22", 2, 4, 80, (*_EUROPE, "sin"), category="Regular Performance"),
    ServerType(110, "cpx32", 4, 8, 160, (*_EUROPE, "sin"), category="Regular Performance"),
    ServerType(111, "cpx42", 8, 16, 320, (*_EUROPE, "sin"), category="Regular Performance"),
    ServerType(22, "cpx11", 2, 2, 40, ("ash", "hil"), category="Regular Performance"),
    ServerType(23, "cpx21", 3, 4, 80, ("ash", "hil"), category="Regular Performance"),
    ServerType(24, "cpx31", 4, 8, 160, ("ash", "hil"), category="Regular Performance"),
    ServerType(45, "cax11", 2, 4, 40, _EUROPE, architecture="arm"),
    ServerType(93, "cax21", 4, 8, 80, _EUROPE, architecture="arm"),
    ServerType(94, "cax31", 8, 16, 160, _EUROPE, architecture="arm"),
    ServerType(96, "ccx13", 2, 8, 80, _WORLD, cpu="dedicated", category="General Purpose"),
    ServerType(97, "ccx23", 4, 16, 160, _WORLD, cpu="dedicated", category="General Purpose"),
    ServerType(98, "ccx33", 8, 32, 240, _WORLD, cpu="dedicated", category="General Purpose"),
)
IMAGES = (
    Image(114690387, "debian-12", "x86", "12", "2023-06-13T06:00:02Z"),
    Image(114690389, "debian-12", "arm", "12", "2023-06-13T06:00:02Z"),
    Image(310557660, "debian-13", "x86", "13", "2025-08-13T07:15:07Z"),
    Image(310557661, "debian-13", "arm", "13", "2025-08-13T07:15:07Z"),
    Image(161547269, "ubuntu-24.04", "x86", "24.04", "2024-04-25T13:28:12Z"),
)
BALANCER_TYPES = (
    BalancerType(1, "lb11", 5, 25, 10000, 10),
    BalancerType(2, "lb21", 15, 75, 20000, 25),
    BalancerType(3, "lb31", 30, 150, 40000, 50),
)


def location(name: str) -> Location | None:
    """The location of a name."""
    return next((place for place in LOCATIONS if place.name == name), None)


def server_type(name: str) -> ServerType | None:
    """The type of a name or a number."""
    return next((one for one in SERVER_TYPES if name in {one.name, str(one.id)}), None)


def image(name: str, architecture: str) -> Image | None:
    """The image of a name, made for an architecture, or of a number."""
    return next(
        (one for one in IMAGES if (one.name == name and one.architecture == architecture) or str(one.id) == name), None
    )


def balancer_type(name: str) -> BalancerType | None:
    """The type of a name or a number."""
    return next((one for one in BALANCER_TYPES if name in {one.name, str(one.id)}), None)
