"""Keeps a stack that holds mail from being removed by one word."""

from collections.abc import Sequence

import pulumi
from pulumi_command import local

from components.settings import Permission, Platform, Settings


def guard(settings: Settings, parts: Sequence[pulumi.Resource]) -> None:
    """Let the engine refuse `destroy` whole, on servers that the stack made, unless the stack file allows it.

    One resource that needs all others is protected: nothing can go before it. To protect the servers themselves would
    keep them and lose what needs them, records, volumes, passwords, and would keep a node that was taken out: its data
    have left by then, so that nothing is lost with its server.
    """
    if settings.platform is not Platform.HETZNER:
        return
    options = pulumi.ResourceOptions(depends_on=list(parts), protect=Permission.DESTROY not in settings.allow)
    local.Command("guard", create=":", add_previous_output_in_env=False, opts=options)
