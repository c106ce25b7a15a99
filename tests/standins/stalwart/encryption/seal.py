"""A mail for one key: its text encrypted, its head as it was but for what says of which kind the text is.

Source: EncryptMessage in crates/email/src/message/crypto.rs of 0.16.19.
"""

import base64
import re
import secrets
import tempfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from .keys import PGP
from .programs import ran

_MOST_BITS = 4096
_HEADER = re.compile(rb"[^\r\n:]+:[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*")
_OF_THE_TEXT = re.compile(rb"content-", re.IGNORECASE)
_SIGNED_OR_SEALED = {"pkcs7-mime", "pkcs7-signature"}
_ENDINGS = ("p7m", "p7s", "p7c", "p7z")
_CIPHERS = {"Aes128": "-aes-128-cbc", "Aes256": "-aes-256-cbc", "Aes256Gcm": "-aes-256-gcm"}
_OAEP = ("-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256")
_BITS = re.compile(r"rsaEncryption\s+Public-Key: \((\d+) bit\)")
AEAD = {"Aes256Gcm", "ChaCha20Poly1305"}


class Unsealed(Exception):  # noqa: N818  # reads as what it is
    """A mail that cannot be encrypted, so it is not stored, and tried again."""


def is_encrypted(raw: bytes) -> bool:
    """Whether its sender encrypted it, or signed it in a way that would not survive."""
    message = message_from_bytes(raw)
    main, sub = message.get_content_maintype(), message.get_content_subtype()
    if main == "application":
        named = (message.get_filename() or "").rpartition(".")[2] in _ENDINGS
        return sub in _SIGNED_OR_SEALED or (sub == "octet-stream" and named)
    if main == "multipart":
        return sub == "encrypted"
    return _text(message).lstrip().startswith("-----BEGIN PGP MESSAGE-----")


def sealed(raw: bytes, method: str, key: str, algorithm: str) -> bytes:
    """The mail, encrypted.

    Raises:
        Unsealed: with the real server's reason.
    """
    if method == PGP and algorithm in AEAD:
        raise Unsealed("AES-256-GCM and ChaCha20-Poly1305 are only supported for S/MIME encryption.")
    outer, inner, place = b"", b"", 0
    while header := _HEADER.match(raw, place):
        if _OF_THE_TEXT.match(header[0]):
            inner += header[0]
        else:
            outer += header[0]
        place = header.end()
    inner += b"\r\n" + raw[place:].removeprefix(b"\r\n")
    return outer + (_by_pgp(inner, key, algorithm) if method == PGP else _by_smime(inner, key, algorithm))


def _by_pgp(inner: bytes, key: str, algorithm: str) -> bytes:
    with tempfile.TemporaryDirectory() as home:
        file = Path(home, "key.asc")
        file.write_text(key)
        line = ["gpg", "--homedir", home, "--batch", "--trust-model", "always", "--armor", "--encrypt"]
        line += ["--personal-cipher-preferences", algorithm.upper(), "--recipient-file", str(file)]
        found = ran(*line, data=inner)
    if found is None:
        raise Unsealed("Failed to build encryptor: Neither recipients, passwords, nor session key given")
    boundary = secrets.token_hex(12).encode()
    return (
        b'Content-Type: multipart/encrypted;\r\n\tprotocol="application/pgp-encrypted";\r\n\tboundary="'
        + boundary
        + b'"'
        b"\r\n\r\nOpenPGP/MIME message (Automatically encrypted by Stalwart)\r\n\r\n--" + boundary + b"\r\n"
        b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--" + boundary + b"\r\n"
        b'Content-Type: application/octet-stream; name="encrypted.asc"\r\n'
        b'Content-Disposition: inline; filename="encrypted.asc"\r\n\r\n'
        + found.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        + b"\r\n--"
        + boundary
        + b"--\r\n"
    )


def _by_smime(inner: bytes, key: str, algorithm: str) -> bytes:
    told = (ran("openssl", "x509", "-noout", "-text", data=key.encode()) or b"").decode(errors="replace")
    bits = _BITS.search(told)
    if bits is None or int(bits[1]) > _MOST_BITS:
        raise Unsealed("Failed to parse public key")
    if algorithm not in _CIPHERS:
        raise Unsealed(f"the stand-in cannot encrypt by {algorithm}")
    with tempfile.TemporaryDirectory() as home:
        file = Path(home, "certificate.pem")
        file.write_text(key)
        line = ["openssl", "cms", "-encrypt", "-binary", "-outform", "DER", _CIPHERS[algorithm], "-recip", str(file)]
        found = ran(*line, *(_OAEP if algorithm in AEAD else ()), data=inner)
    if found is None:
        raise Unsealed("Failed to encrypt key")
    kind = b"authenticated-enveloped-data" if algorithm in AEAD else b"enveloped-data"
    return (
        b'Content-Type: application/pkcs7-mime;\r\n\tname="smime.p7m";\r\n\tsmime-type=' + kind + b"\r\n"
        b'Content-Disposition: attachment;\r\n\tfilename="smime.p7m"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        + base64.encodebytes(found).replace(b"\n", b"\r\n")
    )


def _text(message: Message) -> str:
    """Of a mail with one text, the text; of any other, nothing."""
    found = message.get_payload(decode=True) if not message.is_multipart() else b""
    return found.decode(errors="replace") if isinstance(found, bytes) else ""
