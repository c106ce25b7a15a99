"""What `make dns-check` shows a person: a line for each zone, then what is not right and what to enter."""

from collections import Counter

from tools.dns_check.finding import State
from tools.dns_check.look import Seen
from tools.report import columns

_HEAD = ("ZONE", *(state.name for state in State))


def render(seen: Seen) -> str:
    """The table, and what to mend."""
    counts: dict[str, Counter[State]] = {}
    for finding in seen.findings:
        counts.setdefault(finding.zone, Counter())[finding.state] += 1
    rows = [_HEAD, *((zone, *(str(count[state]) for state in State)) for zone, count in counts.items())]
    lines = [
        *columns(rows),
        "",
        *(f"asked for {zone}: {', '.join(askers) or 'nobody'}" for zone, askers in seen.asked.items()),
    ]
    for finding in seen.findings:
        if not finding.right:
            lines += [
                "",
                f"! {finding.name} {finding.type} is {finding.state}" + (f": {finding.why}" if finding.why else ""),
            ]
            lines += [f"    there: {value}" for value in finding.there]
            lines += [f"    enter: {line}" for line in finding.enter]
    if seen.right:
        lines += ["", "all is right"]
    return "\n".join(lines)
