"""Public keys as the real server reads them. Source: parse_public_key in crates/common/src/storage/encryption.rs and
validate_public_key in crates/jmap/src/registry/mapping/public_key.rs of 0.16.19.
"""

import base64
import re
import tempfile
import time
from collections.abc import Iterable
from typing import Any

from ..refused import Refused
from .programs import ran

Object = dict[str, Any]

PGP, SMIME = "pgp", "smime"
_MOST = 5
# From a dash to the end of its line, then to the end of the next line that has a dash.
_BLOCK = re.compile(r"\s*-([^\n]*)\n([^-]*-[^\n]*)\n")
_DIGEST = re.compile(rb"digest algo (\d+)")
# MD5, SHA-1, RIPEMD-160: signatures that the real one's library takes for none. GnuPG still takes SHA-1.
_BROKEN_DIGESTS = {b"1", b"2", b"3"}
_BASE64 = re.compile("[A-Za-z0-9+/=]*")


def kept(value: Object, others: Iterable[Object]) -> Object:
    """A key as it is kept.

    Args:
        others: all that there are, for a new one.

    Raises:
        Refused: as the real one says it.
    """
    if sum(other["accountId"] == value["accountId"] for other in others) >= _MOST:
        raise Refused("overQuota", description=f"You have exceeded your quota of {_MOST} public keys.")
    text = value["key"].strip() + "\n"
    try:
        method = read(text)
    except ValueError as trouble:
        raise Refused("invalidProperties", properties=["key"], description=str(trouble)) from None
    if method is None:
        raise Refused("invalidProperties", properties=["key"], description="No valid public key found.")
    return {**value, "key": text, "createdAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def read(text: str) -> str | None:
    """The method of a text's keys; None where there is none in it. A private key is taken too.

    Raises:
        ValueError: why it cannot be used, in the real server's words.
    """
    method, place = None, 0
    while text[place:].strip():
        found = _BLOCK.match(text, place)
        if found is None:
            return None
        place = found.end()
        tag = found[1].replace("-", "").upper()
        this = SMIME if "CERTIFICATE" in tag else PGP if "PGP" in tag else None
        if this is None:
            continue
        if method not in {None, this}:
            raise ValueError("Cannot mix OpenPGP and S/MIME certificates")
        method = this
        data = _decoded(found[2])
        if this == PGP:
            _pgp(text)
        elif ran("openssl", "x509", "-inform", "DER", "-noout", data=data) is None:
            raise ValueError("Failed to decode X509 certificate")
    return method


def _decoded(text: str) -> bytes:
    """A head line of an armour, as `Comment: ...`, has signs that are none of base64."""
    body = "".join(text.partition("-")[0].split())
    if not _BASE64.fullmatch(body):
        raise ValueError("Failed to decode base64 certificate.")
    body = body.partition("=")[0]
    return base64.b64decode(body + "=" * (-len(body) % 4))


def _pgp(text: str) -> None:
    with tempfile.TemporaryDirectory() as home:
        gpg = ("gpg", "--homedir", home, "--batch")
        listed = ran(*gpg, "--show-keys", "--with-colons", data=text.encode())
        packets = ran(*gpg, "--list-packets", data=text.encode()) or b""
    if not listed:
        raise ValueError("Failed to decode OpenPGP public key")
    if {*_DIGEST.findall(packets)} <= _BROKEN_DIGESTS:
        raise ValueError("Could not find any suitable keys in OpenPGP public key")
    lines = [line.split(":") for line in listed.decode(errors="replace").splitlines()]
    alive = [line for line in lines if line[0] in {"pub", "sub", "sec", "ssb"} and line[1] not in {"e", "r", "i"}]
    is_alive = any(line[0] in {"pub", "sec"} for line in alive)
    if not is_alive or not any("e" in line[11] for line in alive):
        raise ValueError("Could not find any suitable keys in OpenPGP public key")
