"""The section of one mail domain, and the map of them."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from components.settings.dkim import DkimSettings
from components.settings.dns import Dmarc
from components.settings.fields.mail import Address, Domain, domain_name
from components.settings.fields.shape import refusal
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


def _once(value: object) -> object:
    """Two spellings of one domain are told before they become one key."""
    names = [domain_name(name) or name for name in value if isinstance(name, str)] if isinstance(value, dict) else []
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise refusal("domains", f"{', '.join(twice)} stands there more than once, in other letters")
    return value


Domains = Annotated[dict[Domain, DomainSettings], BeforeValidator(_once), Field(min_length=1)]
