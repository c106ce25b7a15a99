"""Which password for the relay the mail server was last given: it shows none, so the difference is seen from here."""

import hashlib
from pathlib import Path

from lib.stalwart.relay import Relay

_RECORD = Path("/var/lib/stalwart-cluster/relay-password.sha256")


def is_known(relay: Relay | None, password: str) -> bool:
    """Whether the server has it, or needs none."""
    if relay is None or relay.user is None:
        return True
    return _RECORD.exists() and _RECORD.read_text() == _digest(relay, password)


def keep(relay: Relay | None, password: str) -> None:
    """Write down, for root alone, what the server has now."""
    if relay is None or relay.user is None:
        _RECORD.unlink(missing_ok=True)
        return
    _RECORD.touch(mode=0o600)
    _RECORD.write_text(_digest(relay, password))


def _digest(relay: Relay, password: str) -> str:
    return hashlib.sha256(f"{relay.host} {relay.user} {password}".encode()).hexdigest()
