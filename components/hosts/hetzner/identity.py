"""How the stack's things are named and labelled at Hetzner, so that two stacks of one project never clash."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The name of the stack's things, and the labels on all of them."""

    name: str
    labels: Mapping[str, str]

    def of(self, node: str) -> str:
        """The name of a node's thing."""
        return f"{self.name}-{node}"

    def labelled(self, node: str) -> dict[str, str]:
        """The labels of a node's thing."""
        return {**self.labels, "node": node}


def identity(settings: Settings) -> Identity:
    """`mail-production`: cluster and stack."""
    stack = pulumi.get_stack()
    labels = {**settings.hetzner.labels, "managed-by": "stalwart-cluster", "stack": stack}
    return Identity(name=f"{settings.cluster.replace('_', '-')}-{stack}", labels=labels)
