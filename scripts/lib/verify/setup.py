"""What mail programs read to set themselves up, and what must stand in it."""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence

from lib.verify.check import Wrong

Offered = set[tuple[str, str, int]]
"""Protocol, host, port."""

# What every program needs: where to read with TLS from the first byte, and where to hand in.
_NEEDED = (("imap", 993), ("smtp", 465))

# A policy that is forgotten within a day protects nobody.
_LEAST_AGE_SECONDS = 86400

AUTODISCOVER = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request>'
    "<EMailAddress>{address}</EMailAddress><AcceptableResponseSchema>"
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
    "</AcceptableResponseSchema></Request></Autodiscover>"
)


def judge(read: Callable[[str], Offered], status: int, text: str, where: str, hostname: str) -> Offered:
    """What an answer offers.

    Raises:
        Wrong: it is no answer, or what every program needs is missing in it.
    """
    if status != 200:  # noqa: PLR2004  # OK
        raise Wrong(f"{where} is answered with {status}")
    try:
        offered = read(text)
    except (ET.ParseError, LookupError, ValueError):
        raise Wrong(f"{where} is answered with something that no program reads") from None
    for kind, port in _NEEDED:
        if (kind, hostname, port) not in offered:
            raise Wrong(f"{where} is not told of {kind} at {hostname}:{port}")
    return offered


def autoconfig(text: str) -> Offered:
    """Mozilla's form: incomingServer and outgoingServer."""
    root = ET.fromstring(text)  # noqa: S314  # the cluster's own answer
    found = set()
    for server in root.iter():
        if server.tag.rpartition("}")[2] in {"incomingServer", "outgoingServer"}:
            parts = {part.tag.rpartition("}")[2]: (part.text or "").strip() for part in server}
            found.add((server.get("type", "").lower(), parts["hostname"], int(parts["port"])))
    return found


def autodiscover(text: str) -> Offered:
    """Microsoft's form: Protocol."""
    root = ET.fromstring(text)  # noqa: S314  # the cluster's own answer
    found = set()
    for server in root.iter():
        if server.tag.rpartition("}")[2] == "Protocol":
            parts = {part.tag.rpartition("}")[2]: (part.text or "").strip() for part in server}
            found.add((parts["Type"].lower(), parts["Server"], int(parts["Port"])))
    return found


def mta_sts(text: str, exchangers: Sequence[str], where: str) -> str:
    """An MTA-STS policy (RFC 8461, 3.2) on one line.

    Raises:
        Wrong: senders could not use it, or it names other exchangers than DNS.
    """
    pairs = [(key.strip(), value.strip()) for key, _, value in (line.partition(":") for line in text.splitlines())]
    parts = dict(pairs)
    named = sorted(value.lower() for key, value in pairs if key == "mx")
    if parts.get("version") != "STSv1" or parts.get("mode") not in {"testing", "enforce"}:
        raise Wrong(f"{where}: {' '.join(text.split())} is no policy that a sender would follow")
    if named != sorted(exchangers):
        raise Wrong(f"{where}: the policy names {', '.join(named) or 'nobody'}, DNS has {', '.join(exchangers)}")
    if not parts.get("max_age", "").isdigit() or int(parts["max_age"]) < _LEAST_AGE_SECONDS:
        raise Wrong(f"{where}: the policy is forgotten after {parts.get('max_age', 'no time')} s")
    return f"{parts['mode']}, {', '.join(named)}, for {parts['max_age']} s"
