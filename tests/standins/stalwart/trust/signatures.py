"""DKIM (RFC 6376, RFC 8463), canonical form relaxed/relaxed: put signatures on a mail, look whether they hold."""

import base64
import hashlib
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from . import keys
from .names import Names, NoAnswer

_BREAK = re.compile(rb"\r?\n")
_SPACE = re.compile(rb"[ \t]+")


@dataclass(frozen=True)
class Signer:
    """One key of a domain."""

    domain: str
    selector: str
    kind: str
    """rsa or ed25519"""
    private: str
    """PEM"""
    headers: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """One signature of a mail, and whether it holds: pass, fail, or what stands in the way, as RFC 8601 calls it."""

    domain: str
    selector: str
    algorithm: str
    result: str
    begin: str
    """The first characters of the signature, by which people tell one from another."""


def signed(raw: bytes, signers: Iterable[Signer]) -> bytes:
    """The mail with a signature of each signer in front."""
    headers, body = split(raw)
    return b"".join(_signature(headers, body, signer) for signer in signers) + raw


def found(raw: bytes, names: Names) -> Iterator[Found]:
    """Each signature of a mail."""
    headers, body = split(raw)
    for name, value in headers:
        if name.lower() == b"dkim-signature":
            yield _verified(headers, body, value, names)


def split(raw: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """The header fields in their order, folded as they came, and the body with line ends as on the wire."""
    whole = _BREAK.sub(b"\r\n", raw)
    head, _, body = whole.partition(b"\r\n\r\n")
    fields: list[tuple[bytes, bytes]] = []
    for line in head.split(b"\r\n"):
        if line[:1] in {b" ", b"\t"} and fields:
            name, value = fields[-1]
            fields[-1] = (name, value + b"\r\n" + line)
        elif b":" in line:
            name, _, value = line.partition(b":")
            fields.append((name, value))
    return fields, body


def _signature(headers: list[tuple[bytes, bytes]], body: bytes, signer: Signer) -> bytes:
    there = {name.lower() for name, _ in headers}
    names = [name for name in signer.headers if name.lower().encode() in there]
    text = (
        f" v=1; a={signer.kind}-sha256; s={signer.selector}; d={signer.domain};\r\n\tc=relaxed/relaxed; r=y;"
        f" t={int(time.time())}; h={':'.join(names)};\r\n\tbh={_body_hash(body)};\r\n\tb="
    ).encode()
    proof = keys.sign(signer.private, signer.kind, _hashed(headers, names, text, signer.kind))
    encoded = base64.b64encode(proof).decode()
    folded = "\r\n\t".join(encoded[start : start + 70] for start in range(0, len(encoded), 70))
    return b"DKIM-Signature:" + text + folded.encode() + b"\r\n"


def _verified(headers: list[tuple[bytes, bytes]], body: bytes, value: bytes, names: Names) -> Found:
    tags = _tags(value.decode("ascii", "replace"))
    algorithm, domain, selector = tags.get("a", ""), tags.get("d", ""), tags.get("s", "")
    kind = algorithm.removesuffix("-sha256")

    def as_(result: str) -> Found:
        return Found(domain.lower(), selector, algorithm, result, tags.get("b", "")[:8])

    if kind not in {"rsa", "ed25519"} or tags.get("c") != "relaxed/relaxed":
        return as_("neutral")
    if "from" not in tags.get("h", "").lower().split(":"):
        return as_("permerror")
    try:
        records = [_tags(text) for text in names.texts(f"{selector}._domainkey.{domain}")]
    except NoAnswer:
        return as_("temperror")
    public = next((record["p"] for record in records if record.get("k", "rsa") == kind and record.get("p")), "")
    if not public:
        return as_("permerror")
    if _body_hash(body) != tags.get("bh"):
        return as_("fail")
    # As it was when it was signed: whatever stands behind b= was not there yet.
    empty = re.sub(rb"((?:^|;)\s*b\s*=)[^;]*", rb"\1", value, count=1)
    data = _hashed(headers, tags["h"].split(":"), empty, kind)
    try:
        holds = keys.verifies(base64.b64decode(public), kind, data, base64.b64decode(tags.get("b", "")))
    except ValueError:
        holds = False
    return as_("pass" if holds else "fail")


def _hashed(headers: list[tuple[bytes, bytes]], names: Iterable[str], signature: bytes, kind: str) -> bytes:
    """What is signed: RSA hashes it itself, Ed25519 is given the hash (RFC 8463, 3)."""
    left = list(headers)
    lines = []
    for name in names:
        wanted = name.strip().lower().encode()
        # From the last one up, each once (RFC 6376, 5.4.2).
        place = next((i for i in range(len(left) - 1, -1, -1) if left[i][0].strip().lower() == wanted), None)
        if place is not None:
            lines.append(_relaxed(*left.pop(place)) + b"\r\n")
    data = b"".join(lines) + _relaxed(b"dkim-signature", signature)
    return data if kind == "rsa" else hashlib.sha256(data).digest()


def _relaxed(name: bytes, value: bytes) -> bytes:
    return name.strip().lower() + b":" + _SPACE.sub(b" ", value.replace(b"\r\n", b"")).strip(b" \t")


def _body_hash(body: bytes) -> str:
    lines = [_SPACE.sub(b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    text = b"".join(line + b"\r\n" for line in lines)
    return base64.b64encode(hashlib.sha256(text).digest()).decode()


def _tags(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";") if "=" in part)
    return {name.strip(): re.sub(r"\s+", "", value) for name, _, value in pairs}
