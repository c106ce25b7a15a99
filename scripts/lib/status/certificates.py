"""Which certificates this host shows, by which name and on which port."""

import re
import ssl
import subprocess
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from lib.certificate.shown import fingerprint, shown

_SECONDS = 3.0


def certificates(asked: Iterable[tuple[str, int, str]]) -> list[dict[str, Any]]:
    """What is shown; without what shows none.

    Args:
        asked: what listens, its port, and the name that is asked for.
    """
    found = []
    for listener, port, name in asked:
        if (certificate := shown(("127.0.0.1", port), name, _SECONDS)) and (told := _told(certificate, name)):
            found.append({"listener": listener, "name": name, **told})
    return found


def _told(certificate: bytes, name: str) -> Mapping[str, Any] | None:
    """What stands in it; None where it cannot be read."""
    line = ["openssl", "x509", "-inform", "der", "-noout", "-subject", "-issuer", "-dates", "-nameopt", "RFC2253"]
    line += ["-checkhost", name]
    done = subprocess.run(line, input=certificate, capture_output=True, timeout=_SECONDS, check=False)
    text = done.stdout.decode(errors="replace")
    said = {
        key: value.strip()
        for key, value in re.findall(r"^(subject|issuer|notBefore|notAfter)=(.*)$", text, re.MULTILINE)
    }
    try:
        return {
            "subject": said["subject"],
            "issuer": said["issuer"],
            "not_valid_before": _time(said["notBefore"]),
            "not_valid_after": _time(said["notAfter"]),
            "sha256": fingerprint(certificate),
            "holds": "does match certificate" in text,
        }
    except (KeyError, ValueError):
        return None


def _time(text: str) -> str:
    """ISO 8601 in UTC."""
    seconds = ssl.cert_time_to_seconds(text)
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")  # noqa: UP017  # also Python 3.10
