"""Which node's disk is encrypted."""

from components.settings.model import DatabaseSettings
from components.settings.node import NodeSettings


def is_encrypted(node: NodeSettings, database: DatabaseSettings) -> bool:
    """By the node's own word, else by that for all."""
    return database.encrypt if node.encrypt is None else node.encrypt
