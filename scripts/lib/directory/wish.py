"""What the mail cluster shall hold for people, as the program hands it to the scripts: one JSON document."""

import json
from dataclasses import dataclass

SERVER = "server"


@dataclass(frozen=True)
class Domain:
    """One mail domain. All names are in the form the server stores: lower case, A-labels."""

    name: str
    aliases: tuple[str, ...] = ()
    """Domains whose addresses mean the same."""

    catch_all: str | None = None
    """Address that gets mail to unknown addresses; None: it is refused."""

    sub_addressing: bool = True
    keys: tuple[str, ...] = ("1",)
    """Its signing keys by number, the one that signs first; `server` stands for those that the server makes."""

    keep_days: int = 7
    """Days that a key stays after it has signed."""


@dataclass(frozen=True)
class Directory:
    """All domains and what lies in them."""

    domains: tuple[Domain, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the domains, without their aliases."""
        return tuple(domain.name for domain in self.domains)


def parse(text: str) -> Directory:
    """Read the document."""
    document = json.loads(text)
    return Directory(
        domains=tuple(
            Domain(**{**domain, **{key: tuple(domain[key]) for key in ("aliases", "keys") if key in domain}})
            for domain in document["domains"]
        )
    )
