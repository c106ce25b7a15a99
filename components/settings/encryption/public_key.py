"""What is known of a key that mail can be encrypted with."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """How mail that a key encrypts is written, by the names that people know."""

    OPENPGP = "OpenPGP"
    SMIME = "S/MIME"


@dataclass(frozen=True)
class PublicKey:
    """One that is fit to encrypt with."""

    kind: Kind
    text: str
    """In the one form in which the mail server is given it, with no more than the key."""

    addresses: tuple[str, ...] = ()
    """Whose it is, as the key says, in lower case."""

    until: datetime | None = None
    """When it ends, with a zone; None: never."""


class Unfit(ValueError):  # noqa: N818  # reads as what it is
    """Why a key is not taken, and what to do. Nothing of the key is in it."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
