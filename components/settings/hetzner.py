"""Settings of servers that are made at Hetzner Cloud."""

from enum import StrEnum
from ipaddress import IPv4Network
from typing import Annotated

from pydantic import Field

from components.settings.fields.name import Label, ServerType
from components.settings.fields.network import AllowedNetwork, PrivateNetwork
from components.settings.fields.size import Gibibytes
from components.settings.section import Section


class Location(StrEnum):
    """Hetzner's locations, by their names in the API."""

    FALKENSTEIN = "fsn1"
    NUREMBERG = "nbg1"
    HELSINKI = "hel1"
    ASHBURN = "ash"
    HILLSBORO = "hil"
    SINGAPORE = "sin"

    @property
    def network_zone(self) -> str:
        """Locations of one network zone can share a private network. Source: Hetzner's docs, Locations."""
        zones = {"ash": "us-east", "hil": "us-west", "sin": "ap-southeast"}
        return zones.get(self.value, "eu-central")


class Image(StrEnum):
    """The Debian images that hosts can be made from."""

    DEBIAN_12 = "debian-12"
    DEBIAN_13 = "debian-13"


class HetznerSettings(Section):
    """Servers, their network and who may reach them."""

    type: ServerType = Field(default="cx33", description="Server type of every node that names none.")
    locations: Annotated[tuple[Location, ...], Field(min_length=1)] = Field(
        default=(Location.FALKENSTEIN, Location.NUREMBERG, Location.HELSINKI),
        description="Locations that the nodes are spread over in turn, all of one network zone.",
    )
    image: Image = Field(default=Image.DEBIAN_13, description="Image that new servers are made from.")
    network: PrivateNetwork = Field(default=IPv4Network("10.70.0.0/16"), description="Private network of the stack.")
    subnet: PrivateNetwork = Field(
        default=IPv4Network("10.70.1.0/24"), description="Part of it that the nodes stand in: mx1 is at .11."
    )
    ssh_from: tuple[AllowedNetwork, ...] = Field(
        default=(),
        description="Networks that may open SSH, e.g. `[203.0.113.7/32]`. Needed: nothing is open by default.",
    )
    ipv6: bool = Field(default=True, description="Give every server an IPv6 address as well.")
    volume: Gibibytes = Field(
        default=None,
        description="Size of a volume for the database per node, e.g. `50GiB`; `none`: the server's own disk.",
    )
    port_25_targets: tuple[str, ...] = Field(
        default=("gmail-smtp-in.l.google.com", "mx-in-rno.apple.com", "mx1.mailbox.org"),
        description="Mail servers of others, one of which every node must reach on port 25 before records are"
        " published; `[]` does not look.",
    )
    backups: bool = Field(
        default=False, description="Hetzner's daily backups of every server, for a fifth of its price."
    )
    protection: bool = Field(
        default=False,
        description="Servers, addresses and volumes cannot be deleted or rebuilt until this is off again.",
    )
    labels: dict[Label, Label] = Field(
        default_factory=dict, description="Labels of your own on everything that is made."
    )
