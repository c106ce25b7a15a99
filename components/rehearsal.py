"""A rehearsal: the real program with stand-in packages, where releases cannot be reached. Only in the lab."""

import os

import pulumi

from components.settings import Platform, Settings


def is_on() -> bool:
    """Whether this run is a rehearsal."""
    return os.environ.get("STALWART_CLUSTER_REHEARSAL") == "1"


def check(settings: Settings) -> None:
    """Refuse to rehearse on hosts that somebody may trust with mail.

    Raises:
        pulumi.RunError: when the platform is not the lab.
    """
    if not is_on():
        return
    if settings.platform is not Platform.LAB:
        message = (
            f"stalwart-cluster:platform: {settings.platform} cannot be rehearsed: stand-in packages keep no mail."
            " Run `pulumi up` where the releases or a mirror of them can be reached."
        )
        raise pulumi.RunError(message)
    pulumi.warn("REHEARSAL: stand-in packages, not FoundationDB and not Stalwart. Nothing here keeps mail.")


def mirror(settings: Settings) -> str | None:
    """The mirror of the stack file, or the one with the stand-ins."""
    return settings.mirror or (os.environ.get("STALWART_CLUSTER_MIRROR") if is_on() else None)
