"""What `make verify` shows a person, and what it prints for programs."""

import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tools.verify.catalogue import NOT_MADE, RIGHT, WRONG, Check

_MARKS = {RIGHT: "right", WRONG: "WRONG", NOT_MADE: "-"}
_WIDTH = 118


def render(checks: Sequence[Check], rehearsal: bool) -> str:  # noqa: FBT001  # one of two headings
    """A line per check; what was found below it."""
    width = max(len(check.name) for check in checks)
    lines = []
    for check in checks:
        seconds = f"{check.seconds:5.1f} s" if check.result != NOT_MADE else "       "
        lines.append(f"{_MARKS[check.result]:<5}  {check.name:<{width}}  {seconds}  {check.sentence}")
        if check.detail:
            lines += textwrap.wrap(check.detail, _WIDTH, initial_indent=" " * 9, subsequent_indent=" " * 9)
    counted = {result: sum(check.result == result for check in checks) for result in _MARKS}
    lines += ["", f"{counted[RIGHT]} right, {counted[WRONG]} wrong, {counted[NOT_MADE]} not made"]
    if rehearsal:
        lines += ["the packages are stand-ins or not the published ones: this says nothing of the real servers"]
    return "\n".join(lines)


def document(checks: Sequence[Check], rehearsal: bool) -> dict[str, Any]:  # noqa: FBT001  # as above
    """Stable names: docs/mail.md has them. Nothing in it is secret."""
    return {
        "well": not any(check.result == WRONG for check in checks),
        "rehearsal": rehearsal,
        "checked_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "checks": [
            {
                "name": check.name,
                "result": check.result,
                "sentence": check.sentence,
                "seconds": check.seconds,
                "detail": check.detail,
            }
            for check in checks
        ],
    }
