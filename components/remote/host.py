"""What every layer above the machines needs to know of one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pulumi
from pulumi_command import remote

from components.dns.names import Address
from components.remote.apart import apart
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
    public: tuple[Address, ...]
    """The addresses by which the world reaches it."""

    root: bool = True
    keeps: bool = False
    """Whether what its steps run lies on it by then."""

    after: tuple[pulumi.Resource, ...] = ()
    identity: pulumi.Input[str] = ""
    """Changes with the machine, where the stack made it: on another one, every step has to be done again."""

    mend: str = ""
    """Another text does every step on it once more."""

    server: Any = None
    """The provider's server, where the stack made it: a balancer's target."""

    device: pulumi.Input[str] = ""
    """The block device for the database's data; empty: the host's own disk."""

    @property
    def name(self) -> str:
        """The node's name."""
        return self.node.name

    def once(self, done: Sequence[pulumi.Resource]) -> "Host":
        """The same host, with nothing begun on it before `done`."""
        return replace(self, after=(*self.after, *done))

    def behind(self, done: Sequence[pulumi.Resource]) -> "Host":
        """The same host, which keeps what its steps run, with nothing begun on it before `done`.

        They come after all that the host came after.
        """
        way = {key: apart(value) for key, value in vars(self.connection).items()}
        return replace(
            self,
            keeps=True,
            after=tuple(done),
            connection=remote.ConnectionArgs(**way),
            identity=apart(self.identity),
            device=apart(self.device),
        )
