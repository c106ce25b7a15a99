"""A key that mail is encrypted with, as its text, or from the file that is named. Nothing of it is ever repeated."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator

from components.settings.encryption import openpgp, smime
from components.settings.encryption.public_key import PublicKey, Unfit
from components.settings.fields.shape import refusal

# The database takes 100,000 bytes in one value. A key of one's own signatures only has a few thousand.
_LONGEST = 50_000


def read(given: str, now: datetime | None = None) -> PublicKey:
    """The key, fit to encrypt with at a time.

    Args:
        given: the key's text, or the name of a file, meant from the folder of the stack file.
        now: for tests; a time with a zone.

    Raises:
        Unfit: why the mail server cannot encrypt with it, or must not.
    """
    text = given if "-----BEGIN" in given else _content(given)
    if "PRIVATE KEY" in text:
        raise openpgp.private() if "PGP PRIVATE KEY" in text else smime.private()
    is_openpgp, is_smime = "BEGIN PGP PUBLIC KEY" in text, "BEGIN CERTIFICATE" in text
    if is_openpgp and is_smime:
        raise Unfit("is of both kinds, OpenPGP and S/MIME", "leave one")
    if not is_openpgp and not is_smime:
        raise Unfit(
            "holds neither an OpenPGP key nor a certificate",
            "the first line is -----BEGIN PGP PUBLIC KEY BLOCK----- or -----BEGIN CERTIFICATE-----",
        )
    now = now or datetime.now(UTC)
    key = openpgp.read(text, now) if is_openpgp else smime.read(text, now)
    if len(key.text) > _LONGEST:
        raise Unfit(
            f"has {len(key.text):,} bytes, most of them other people's signatures, and {_LONGEST:,} is the most",
            "gpg --armor --export-options export-minimal --export ADDRESS",
        )
    return key


def _content(name: str) -> str:
    """Of a file. Its name is not repeated either: where a key was pasted without its first line, that is the name."""
    try:
        return Path(name).expanduser().read_text(encoding="utf-8")
    except UnicodeError:
        remedy = "gpg --armor --export ADDRESS; openssl x509 -inform der -in certificate"
        raise Unfit("names a file that is not text", remedy) from None
    except (OSError, ValueError, RuntimeError) as trouble:
        why = (trouble.strerror if isinstance(trouble, OSError) else "") or "it is no name of a file"
        raise Unfit(f"names a file that cannot be read: {why}", "name it from the folder of the stack file") from None


def _checked(value: object) -> PublicKey:
    if isinstance(value, PublicKey):
        return value
    if not isinstance(value, str) or not value.strip():
        raise refusal("key", "is a file with a public key, or its text, e.g. keys/anna.asc")
    try:
        return read(value.strip())
    except Unfit as unfit:
        raise refusal("key", str(unfit)) from None


Key = Annotated[PublicKey, BeforeValidator(_checked)]
