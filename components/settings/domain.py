"""The section of one mail domain, and the map of them."""

from typing import Annotated

from pydantic import Field

from components.settings.dkim import DkimSettings
from components.settings.dns import Dmarc
from components.settings.fields.mail import Address, Domain, domain_name
from components.settings.fields.shape import once
from components.settings.section import Section


class DomainSettings(Section):
    """One mail domain."""

    aliases: tuple[Domain, ...] = Field(
        default=(), description="Other domains whose addresses mean the same as this one's."
    )
    catch_all: Address | None = Field(
        default=None, description="Address that gets mail to unknown addresses of the domain. Default: it is refused."
    )
    sub_addressing: bool = Field(
        default=True,
        description="Whether `anna+shop@...` reaches `anna@...`, with the part after the plus for filters.",
    )
    dmarc: Dmarc | None = Field(
        default=None,
        description="Policy for mail that claims to come from the domain or an alias of it and does not. Default:"
        " `dns.dmarc`.",
    )
    dkim: DkimSettings = Field(default=DkimSettings(), description="The keys that its mail is signed with.")


Domains = Annotated[dict[Domain, DomainSettings], once("domains", domain_name), Field(min_length=1)]
