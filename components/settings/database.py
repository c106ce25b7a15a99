"""The section of the database, and which node's disk is encrypted."""

from enum import StrEnum

from pydantic import Field

from components.settings.fields.size import Mebibytes
from components.settings.node import NodeSettings
from components.settings.section import Section


class Engine(StrEnum):
    """FoundationDB's storage engines that are for production, by the names `configure` knows."""

    SSD = "ssd-2"
    REDWOOD = "ssd-redwood-1"


class DatabaseSettings(Section):
    """FoundationDB on every node."""

    engine: Engine = Field(default=Engine.SSD, description="Storage engine, fixed when the database is created.")
    memory: Mebibytes = Field(
        default=None, description="Memory limit per process, e.g. `4GiB`; `auto` goes by the host's memory."
    )
    cache: Mebibytes = Field(
        default=None, description="Page cache per process, less than `memory`; `auto` is a quarter of it."
    )
    encrypt: bool = Field(
        default=False,
        description="Encrypt the disks that hold the data (LUKS2), opened at a boot by the other nodes' keys. Only new,"
        " empty disks: `hetzner.volume`, or `nodes.<node>.device`.",
    )


def is_encrypted(node: NodeSettings, database: DatabaseSettings) -> bool:
    """By the node's own word, else by that for all."""
    return database.encrypt if node.encrypt is None else node.encrypt
