"""The section of the lab."""

from ipaddress import IPv4Network
from typing import Annotated

from pydantic import Field

from components.settings.fields.network import LabNetwork
from components.settings.section import Section


class LabSettings(Section):
    """Hosts on this machine, for trying and for tests."""

    network: LabNetwork = Field(default=IPv4Network("10.77.0.0/24"), description="Network of the lab hosts.")
    debian: Annotated[int, Field(ge=12, le=13)] = Field(
        default=13, description="Debian release of the lab hosts: 12 or 13."
    )
