"""What `make dns-check FORMAT=json` prints for programs."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from tools.dns_check.look import Seen


def document(seen: Seen) -> dict[str, Any]:
    """Whether all is right, every record set with its state, and who was asked; docs/mail.md has the keys."""
    return {
        "right": seen.right,
        "checked_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "asked": seen.asked,
        "records": [asdict(finding) for finding in seen.findings],
    }
