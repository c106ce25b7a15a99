"""What `make status FORMAT=json` prints for monitoring. Nothing in it is secret."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tools.status.differences import Difference
from tools.status.differences.database import database_of
from tools.status.look import View
from tools.status.nodes import Seen


def document(view: View, found: Sequence[Difference]) -> dict[str, Any]:
    """Whether all is well, what differs, what is only worth knowing, and each node; docs/operations.md has the keys."""
    here = database_of(view) or {}
    return {
        "well": not any(difference.grave for difference in found),
        "checked_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "differences": [_told(difference) for difference in found if difference.grave],
        "notes": [_told(difference) for difference in found if not difference.grave],
        "nodes": {one.target.name: _node(one) for one in view.nodes},
        "fault_tolerance": {
            "without_losing_data": here.get("zone_failures_without_losing_data"),
            "without_losing_availability": here.get("zone_failures_without_losing_availability"),
            "wanted": view.wanted.tolerance,
        },
        "queue": (view.mail or {}).get("queue"),
    }


def _told(difference: Difference) -> dict[str, Any]:
    return {
        "subject": str(difference.subject),
        "node": difference.node,
        "what": difference.what,
        "remedy": difference.remedy,
    }


def _node(one: Seen) -> dict[str, Any]:
    if one.found is None:
        return {"reached": False, "trouble": one.trouble}
    kept = ("units", "versions", "certificates")
    return {"reached": True, **{key: one.found[key] for key in kept}}
