"""Certificates as the real server keeps and shows them: read when they come, checked against nothing, not even their
key; loaded when it is told to, and of several for a name the one that ends last. Source: crates/common of 0.16.19.
"""

import calendar
import re
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .refused import Refused

Object = dict[str, Any]
SET_BY_SERVER = ("issuer", "notValidAfter", "notValidBefore", "subjectAlternativeNames")

_DAYS = 90
_CLOCK = "%Y-%m-%dT%H:%M:%SZ"


def kept(value: Object, before: Object | None, patch: Mapping[str, Any]) -> Object:
    """A certificate with what the server reads in it, or its refusal.

    Raises:
        Refused: as the real one says it.
    """
    if given := [name for name in SET_BY_SERVER if name in patch]:
        raise Refused("invalidPatch", description="Cannot modify server set property", properties=given)
    if before is not None and before["certificate"] == value["certificate"]:
        return value
    try:
        return {**value, **_read(value["certificate"].get("value") or "")}
    except subprocess.CalledProcessError:
        text = "Failed to read certificate: Cryptographic error: No certificates found in PEM"
        raise Refused("invalidProperties", description=text, properties=["certificate"]) from None


def masked(value: Object, mask: str) -> Object:
    """As it is shown: the private key never is."""
    return {**value, "privateKey": {**value["privateKey"], "secret": mask}}


class Shown:
    """Which certificate a node shows for a name."""

    def __init__(self) -> None:
        self._by_name: dict[str, ssl.SSLContext | None] = {}

    def load(self, held: Mapping[str, Object], default: str | None, remove: Callable[[str], object]) -> None:
        """Take up what is stored; what has ended is removed from the store."""
        now = _now()
        found: dict[str, ssl.SSLContext | None] = {}
        ends: dict[str, int] = {}
        for identity, value in held.items():
            begin, end = (calendar.timegm(time.strptime(value[key], _CLOCK)) for key in _TIMES)
            if end <= now:
                remove(identity)
            elif begin <= now:
                context = _context(value)
                for name in (*value["subjectAlternativeNames"], *(["*"] if identity == default else [])):
                    if end > ends.get(name, 0):
                        ends[name] = end
                        found[name if name == "*" else name.removeprefix("*.")] = context
        self._by_name = found

    def choose(self, connection: ssl.SSLObject, name: str | None, own: ssl.SSLContext) -> int | None:
        """For the name of a client, or none; where nothing is stored, a certificate of the node's own."""
        here = self._by_name
        parent = (name or "").partition(".")[2]
        for candidate in (name, parent, "*"):
            if candidate and candidate in here:
                chosen = here[candidate]
                break
        else:
            chosen = next(iter(here.values()), own)
        if chosen is None:
            return int(ssl.ALERT_DESCRIPTION_INTERNAL_ERROR)
        connection.context = chosen
        return None


_TIMES = ("notValidBefore", "notValidAfter")


def signed(issuer: str, names: list[str]) -> Object:
    """A new certificate that signs itself, with its key, as an object of the server's."""
    with tempfile.TemporaryDirectory() as place:
        key, certificate = Path(place, "key.pem"), Path(place, "cert.pem")
        line = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        line += ["-days", str(_DAYS), "-subj", f"/CN={issuer}", "-keyout", str(key), "-out", str(certificate)]
        line += ["-addext", f"subjectAltName={','.join(f'DNS:{name}' for name in names)}"]
        subprocess.run(line, check=True, capture_output=True)
        return {
            "certificate": {"@type": "Text", "value": certificate.read_text()},
            "privateKey": {"@type": "Text", "secret": key.read_text()},
        }


def context_of(certificate: str, key: str) -> ssl.SSLContext:
    """What a server needs to show a certificate.

    Raises:
        ssl.SSLError: the key is not its key.
    """
    with tempfile.TemporaryDirectory() as place:
        file = Path(place, "both.pem")
        file.touch(mode=0o600)
        file.write_text(f"{certificate}\n{key}\n")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _context(value: Object) -> ssl.SSLContext | None:
    """None where every handshake would fail: nobody looked whether the key belongs to it."""
    try:
        return context_of(value["certificate"]["value"], value["privateKey"]["secret"])
    except ssl.SSLError:
        return None


def _read(chain: str) -> Object:
    """What stands in the first certificate of a chain."""
    line = ["openssl", "x509", "-noout", "-issuer", "-dates", "-ext", "subjectAltName", "-nameopt", "RFC2253"]
    text = subprocess.run(line, input=chain, capture_output=True, text=True, check=True).stdout
    begin, end = (_time(re.search(rf"{key}=(.*)", text)) for key in ("notBefore", "notAfter"))
    issuer = re.search(r"issuer=(.*)", text)
    return {
        "issuer": issuer[1].strip() if issuer else "",
        "notValidBefore": begin,
        "notValidAfter": end,
        "subjectAlternativeNames": dict.fromkeys(re.findall(r"DNS:([^,\s]+)", text), True),
    }


def _now() -> float:
    """Seconds of the epoch by the node's clock."""
    return time.time()


def _time(found: "re.Match[str] | None") -> str:
    assert found, "openssl always prints it"
    return time.strftime(_CLOCK, time.gmtime(ssl.cert_time_to_seconds(found[1].strip())))
