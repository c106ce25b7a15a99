"""The section of the front: what stands between the world and the nodes."""

from enum import StrEnum

from pydantic import Field

from components.settings.hetzner import Location
from components.settings.section import Section


class Place(StrEnum):
    """Whether the front leads anybody to a node."""

    IN = "in"
    OUT = "out"


class FrontKind(StrEnum):
    """How connections find a node that works."""

    DNS = "dns"
    LOAD_BALANCER = "load_balancer"


class FrontSettings(Section):
    """What stands between the world and the nodes."""

    kind: FrontKind = Field(
        default=FrontKind.DNS,
        description="`dns`: a mail exchanger and an address record per node; `load_balancer`: a Hetzner load balancer.",
    )
    balancer_type: str = Field(default="lb11", description="Type of the load balancer.")
    balancer_location: Location | None = Field(
        default=None, description="Location of the load balancer. Default: the first of `hetzner.locations`."
    )
    sieve: bool = Field(default=False, description="Open port 4190 (filters by ManageSieve) to the world.")
