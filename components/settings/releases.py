"""The section of the releases."""

from enum import StrEnum

from pydantic import Field

from components.settings.fields.release import Digest, Release
from components.settings.section import Section

CLIENT_LINE = (7, 4)
"""The line of FoundationDB whose client library Stalwart 0.16 was made for."""


class Architecture(StrEnum):
    """Debian's name of a processor family."""

    AMD64 = "amd64"
    ARM64 = "arm64"


class ReleaseSettings(Section):
    """The pair of releases. Always pinned; see docs/decisions for which pairs work."""

    stalwart: Release = Field(default="0.16.27", description="Stalwart release.")
    foundationdb: Release = Field(default="7.4.6", description="FoundationDB release.")
    stalwart_sha256: dict[Architecture, Digest] = Field(
        default_factory=dict,
        description="SHA-256 of Stalwart's archive by architecture. Default: learnt from the first host.",
    )
