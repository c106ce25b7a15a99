"""Settings of the relay: somebody else's mail server that passes on what leaves the cluster."""

from enum import StrEnum

from pydantic import Field

from components.settings.fields.mail import Domain
from components.settings.fields.name import Login
from components.settings.section import Port, Section


class RelayTls(StrEnum):
    """How the connection to a relay is encrypted. Never not at all: a password goes over it."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"


# RFC 8314, 3.3 and RFC 6409, 3.1.
USUAL_PORTS = {RelayTls.IMPLICIT: 465, RelayTls.STARTTLS: 587}


class RelaySettings(Section):
    """A smart host: all mail to other domains goes through it instead of to their own mail servers."""

    host: Domain = Field(description="Name of the relay. Its certificate must be valid for it.")
    tls: RelayTls = Field(
        default=RelayTls.STARTTLS,
        description="`starttls`: encrypted after a greeting, or nothing is sent; `implicit`: encrypted from the start.",
    )
    port: Port | None = Field(
        default=None, description="Port of the relay. Default: 587 with `starttls`, 465 with `implicit`."
    )
    user: Login | None = Field(
        default=None,
        description="Login at the relay; its password is the secret `relay_password`. Without: it knows the nodes.",
    )
    spf_include: Domain | None = Field(
        default=None,
        description="Name whose SPF record lists the addresses that the relay sends from, for the SPF of every domain.",
    )

    @property
    def at(self) -> int:
        """The port it is reached at."""
        return self.port or USUAL_PORTS[self.tls]
