"""Hashes of passwords that the mail server takes as such. What it does not know as one it would take for clear text.

Source: is_password_hash in crates/directory/src/core/secret.rs of Stalwart 0.16.19, and the first letter it looks at.
"""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator

from components.settings.fields.shape import refusal

_CRYPT = "[A-Za-z0-9./]"
# The string format of the Password Hashing Competition: name, version, parameters, salt, hash.
_PHC = re.compile(
    r"\$(?:argon2(?:id|i|d)|pbkdf2(?:-sha(?:1|256|512))?|scrypt)(?:\$v=\d{1,3})?(?:\$[a-z]+=\d+(?:,[a-z]+=\d+)*)?"
    r"\$[A-Za-z0-9/+.-]{4,64}\$[A-Za-z0-9/+]{14,86}"
)
_SHAPES = (
    _PHC,
    re.compile(rf"\$2[abxy]\$\d\d\${_CRYPT}{{53}}"),
    re.compile(rf"\$6\$(?:rounds=\d+\$)?{_CRYPT}{{1,16}}\${_CRYPT}{{86}}"),
    re.compile(rf"\$5\$(?:rounds=\d+\$)?{_CRYPT}{{1,16}}\${_CRYPT}{{43}}"),
    re.compile(rf"\$1\${_CRYPT}{{1,8}}\${_CRYPT}{{22}}"),
    re.compile(rf"\$sha1\$\d+\${_CRYPT}{{1,64}}\${_CRYPT}{{28}}"),
)
_DES = re.compile(rf"{_CRYPT}{{13}}|_{_CRYPT}{{19}}")
_LDAP = re.compile(r"\{(\w+)\}(.*)", re.DOTALL)
# Bytes of the digest; the salted ones have at least one more.
_DIGESTS = {"SHA": 20, "SHA256": 32, "SHA512": 64, "MD5": 16}
_ADVICE = "make one with: openssl passwd -6"


def is_hash(text: str) -> bool:
    """Whether the mail server takes a text for a hash."""
    if any(shape.fullmatch(text) for shape in _SHAPES):
        return True
    found = _LDAP.fullmatch(text)
    return found is not None and _is_ldap(found[1].upper(), found[2])


def _is_ldap(scheme: str, body: str) -> bool:
    if scheme in {"ARGON2", "ARGON2I", "ARGON2ID", "PBKDF2"}:
        return bool(_PHC.fullmatch(body))
    if scheme == "CRYPT":
        return any(shape.fullmatch(body) for shape in (*_SHAPES, _DES))
    if scheme in _DIGESTS:
        return _has_bytes(body, _DIGESTS[scheme].__eq__)
    if scheme.startswith("S") and scheme[1:] in _DIGESTS and scheme != "SMD5":
        return _has_bytes(body, _DIGESTS[scheme[1:]].__lt__)
    return False


def _has_bytes(text: str, fits: Callable[[int], bool]) -> bool:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4 if "=" not in text else 0), validate=True)
    except (binascii.Error, ValueError):
        return False
    return fits(len(data))


def _checked(value: str) -> str:
    """Never says what was given: it may be a password in clear text."""
    if not value.strip():
        raise refusal("password_hash", f"is empty: nobody could log in; leave it out, or {_ADVICE}")
    if not is_hash(value):
        raise refusal(
            "password_hash",
            "is no hash that the mail server knows ($6$, $5$, $2b$, $argon2id$, $scrypt$, $pbkdf2-sha256$,"
            f" (SSHA512) and older ones), so it looks like a password in clear text; {_ADVICE}",
        )
    return value


PasswordHash = Annotated[str, AfterValidator(_checked)]
