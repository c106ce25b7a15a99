"""What every layer above the machines needs to know of one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pulumi
from pulumi_command import remote

from components.topology import Node

# About 40 s of patience with a host that is just booting. Not more, because the plugin tries a wrong key or a changed
# host key as often as a host that is away.
DIAL_ERROR_LIMIT = 15
PER_DIAL_TIMEOUT = 5


@dataclass(frozen=True, kw_only=True)
class Host:
    """A machine that carries a node. `after` is what has to be done on it before anything else is."""

    node: Node
    connection: remote.ConnectionArgs
    root: bool = True
    after: tuple[pulumi.Resource, ...] = ()

    @property
    def name(self) -> str:
        """The node's name."""
        return self.node.name

    def once(self, done: Sequence[pulumi.Resource]) -> "Host":
        """The same host, with nothing begun on it before `done`."""
        return replace(self, after=(*self.after, *done))
