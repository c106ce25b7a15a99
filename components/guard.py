"""Keeps a stack that holds mail from being removed by one word."""

from collections.abc import Sequence

import pulumi
from pulumi_command import local

from components.settings import Permission, Platform, Settings


def guard(settings: Settings, parts: Sequence[pulumi.Resource]) -> None:
    """Let the engine refuse `destroy` whole, on servers that the stack made, unless the stack file allows it.

    A protected server stays, but what needs it would be gone by then: records, attached volumes, passwords. So one
    resource that needs all others is protected as well: nothing can go before it. What leaves the program goes as ever.
    """
    if settings.platform is not Platform.HETZNER:
        return
    options = pulumi.ResourceOptions(depends_on=list(parts), protect=Permission.DESTROY not in settings.allow)
    local.Command("guard", create=":", add_previous_output_in_env=False, opts=options)
