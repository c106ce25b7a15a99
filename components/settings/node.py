"""The section of one node: where it stands, what runs on it, which machine carries it."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.settings.fields.name import BlockDevice, HostKey, ServerType, ZoneName
from components.settings.fields.network import NodeAddress, PublicAddress
from components.settings.front import Place
from components.settings.hetzner import Location
from components.settings.section import Section


class Role(StrEnum):
    """What runs on a node."""

    DATABASE = "database"
    MAIL = "mail"


class NodeSettings(Section):
    """One node: a host that the cluster runs on."""

    address: NodeAddress | None = Field(
        default=None,
        description="Private address the nodes reach each other at. Needed on `existing`; elsewhere it follows from the"
        " number the name ends in.",
    )
    public: tuple[PublicAddress, ...] = Field(
        default=(),
        description="Addresses by which the world reaches the node, for the records (`existing` only). Default:"
        " `address`.",
    )
    zone: ZoneName | None = Field(
        default=None,
        description="Failure zone: what fails together. Default: the node is its own; on `hetzner`, with nodes"
        " in three locations or more, its location.",
    )
    roles: frozenset[Role] = Field(
        default=frozenset(Role),
        description="`[database, mail]`, or `[database]` for a node that only stores. Every node has the database.",
    )
    ssh_address: str | None = Field(
        default=None, description="Name or address for SSH where it differs from `address` (`existing` only)."
    )
    host_key: HostKey | None = Field(
        default=None,
        description="The host's SSH key. Without it the key seen first is shown, kept and demanded from then on.",
    )
    device: BlockDevice | None = Field(
        default=None,
        description="Disk for the database's data (`existing` only), by its lasting name, e.g. `/dev/disk/by-id/...`."
        " Default: the host's own disk.",
    )
    encrypt: bool | None = Field(
        default=None,
        description="Whether this node's disk is encrypted. Default: `database.encrypt`; `false` leaves one as it is"
        " while the others are made anew, one after the other.",
    )
    type: ServerType | None = Field(default=None, description="Server type, on `hetzner`. Default: `hetzner.type`.")
    location: Location | None = Field(
        default=None, description="Location, on `hetzner`. Default: the locations of `hetzner.locations` in turn."
    )
    machine: Annotated[int, Field(ge=1, le=999)] = Field(
        default=1,
        description="Another number gives the node a new machine under the same name, the old one alive or dead: its"
        " part of the database moves to the others first. On `existing` it says that the host is another or was set up"
        " anew.",
    )
    front: Place = Field(
        default=Place.IN,
        description="`out` takes the node out of the front, for maintenance: no new mail is led to it.",
    )
    sends: bool = Field(
        default=True,
        description="Whether mail leaves from this node's addresses. `false`: the nodes that send carry its mail, and"
        " records and reverse names are theirs only.",
    )
