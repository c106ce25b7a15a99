"""The mail server stand-in without a wire, a host and a database, for scripts that administer it."""

import json
from typing import Any

from lib.stalwart.jmap import Answer, Client

from tests.standins.stalwart import jmap
from tests.standins.stalwart.memory import MemoryStore
from tests.standins.stalwart.node import Node

RECOVERY = {"id": "d333333", "name": "recovery", "roles": {"@type": "Admin"}}


class InProcess(Client):
    """Speaks to the stand-in as an administrator, and counts."""

    def __init__(self, node: Node) -> None:
        super().__init__("http://127.0.0.1", "admin", "", patience=0)
        self.node = node
        self.requests = 0

    def _exchange(self, verb: str, path: str, body: Any) -> Answer:
        self.requests += 1
        return jmap.respond(self.node, RECOVERY, json.loads(json.dumps(body)))


def served(*domains: str) -> InProcess:
    """A server with some domains."""
    node = Node(MemoryStore())  # type: ignore[arg-type]  # a part of a store is enough
    node.registry.insert_defaults()
    node.reload()
    for name in domains:
        node.registry.create("Domain", {"name": name})
    return InProcess(node)
