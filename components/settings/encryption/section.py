"""The section of an account that says what its mail is encrypted with."""

from enum import StrEnum
from typing import Any, Self

from pydantic import Field, model_validator

from components.settings.encryption.key import Key
from components.settings.encryption.public_key import Kind
from components.settings.fields.shape import refusal
from components.settings.section import Section


class Algorithm(StrEnum):
    """What a mail itself is encrypted with."""

    AES256 = "aes256"
    AES128 = "aes128"
    AES256_GCM = "aes256_gcm"
    CHACHA20_POLY1305 = "chacha20_poly1305"


# Those that detect a change of the text. OpenPGP does that in another way, by whatever algorithm.
_ONLY_SMIME = frozenset({Algorithm.AES256_GCM, Algorithm.CHACHA20_POLY1305})


class EncryptSettings(Section):
    """Mail that comes in is stored so that only the person's private key opens it."""

    key: Key = Field(
        description="The person's public OpenPGP key, armoured, or S/MIME certificate, in PEM: a file beside the stack"
        " file, or the text itself. `encrypt: keys/anna.asc` says the same."
    )
    algorithm: Algorithm = Field(
        default=Algorithm.AES256,
        description="What mail is encrypted with. `aes256_gcm` and `chacha20_poly1305` are for S/MIME only, and not"
        " every program reads them.",
    )

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:  # noqa: ANN401  # whatever YAML held
        """In a table there is room for one thing only."""
        return {"key": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _known(self) -> Self:
        """Source: unsupported_pgp_algorithm in crates/jmap/src/registry/mapping/account.rs of Stalwart 0.16.19; where
        it is not asked, mail would be kept back.
        """
        if self.key.kind is Kind.OPENPGP and self.algorithm in _ONLY_SMIME:
            raise refusal(
                "algorithm", f"{self.algorithm} is for S/MIME only, and the key is an OpenPGP key; take aes256"
            )
        return self
