"""Settings of how hosts are kept up to date."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from components.settings.section import Section


class Reboot(StrEnum):
    """What becomes of a reboot that an update asks for."""

    IN_TURN = "in_turn"
    NEVER = "never"


class UpdateSettings(Section):
    """Security updates, and what they ask for afterwards."""

    security: bool = Field(
        default=True, description="Debian's security updates install themselves, on one node after the other."
    )
    reboot: Reboot = Field(
        default=Reboot.IN_TURN,
        description="`in_turn`: a reboot or restart that an update asks for comes by itself, on one node at a time and"
        " only while the others can do without it; `never`: you do it, by `make reboot`.",
    )
    hour: Annotated[int, Field(ge=0, le=23)] = Field(
        default=3, description="Hour of the day, in UTC, in which the first node begins."
    )
