"""What `make status` shows a person."""

from collections.abc import Mapping, Sequence
from typing import Any

from tools.report import columns
from tools.status.differences import Difference
from tools.status.differences.certificate import by_node, day, issuer
from tools.status.differences.database import database_of
from tools.status.differences.difference import MEND
from tools.status.differences.queue import LOCAL, age
from tools.status.look import View
from tools.status.nodes import Seen

_MOST_HOPS = 8
_HEAD = ("NODE", "ZONE", "ADDRESS", "REACHED", "DATABASE", "COORDINATOR", "MAIL")


def render(view: View, found: Sequence[Difference]) -> str:
    """The table, one line on the database, and what differs with what to do about it."""
    rows = [_HEAD, *(_row(one, view) for one in view.nodes)]
    lines = [*columns(rows), "", _database(view), *_certificates(view), *_queue(view)]
    lines += [f"! {difference}" for difference in found if difference.grave]
    lines += [f"note: {difference}" for difference in found if not difference.grave]
    if not any(difference.grave for difference in found):
        lines += ["", "all is well"]
    elif any(MEND in difference.remedy for difference in found):
        lines += ["", "make mend puts right what says so above, and restarts only what must be"]
    return "\n".join(lines)


def _row(one: Seen, view: View) -> tuple[str, ...]:
    address = view.wanted.addresses.get(one.target.name) or str(one.target.connection["host"])
    zones = {process.rsplit(":", 1)[0]: zone for process, zone in view.wanted.processes.items()}
    head = (one.target.name, zones.get(address, "?"), address)
    if one.found is None:
        return (*head, "no", "unknown", "unknown", "unknown")
    units, versions = one.found["units"], one.found["versions"]
    return (
        *head,
        "yes",
        _state(units["foundationdb"], versions["foundationdb"]),
        _state(units["nats-server"]),
        _state(units["stalwart"], versions["stalwart"]),
    )


def _state(unit: str, version: str | None = None) -> str:
    if unit == "missing":
        return "-"
    return f"{unit} {version}" if version else unit


def _database(view: View) -> str:
    here = database_of(view)
    if here is None:
        return "database: unknown"
    data, availability = (here[f"zone_failures_without_losing_{what}"] for what in ("data", "availability"))
    return (
        f"database: {'available' if here['available'] else 'NOT AVAILABLE'}, {here['redundancy_mode'] or 'unknown'},"
        f" data {here['data_state'] or 'unknown'}; zones that may fail: {_figure(data)} without losing data,"
        f" {_figure(availability)} without losing service; wanted {_figure(view.wanted.tolerance)}"
    )


def _certificates(view: View) -> list[str]:
    """Each certificate that is shown, with the nodes that show it."""
    nodes: dict[str, list[str]] = {}
    shown: dict[str, Mapping[str, Any]] = {}
    for node, certificates in by_node(view).items():
        for one in certificates:
            shown[one["sha256"]] = one
            if node not in nodes.setdefault(one["sha256"], []):
                nodes[one["sha256"]].append(node)
    return [
        f"certificate: of {issuer(one)}, until {day(one['not_valid_after'])}, sha256 {digest[:16]}, on"
        f" {' '.join(sorted(nodes[digest]))}"
        for digest, one in sorted(shown.items())
    ]


def _queue(view: View) -> list[str]:
    """One line on the whole, one for each next hop that mail waits for; nothing where nobody could be asked."""
    queue = (view.mail or {}).get("queue")
    if queue is None:
        return []
    if not queue["mails"]:
        return ["queue: empty"]
    head = (
        f"queue: {queue['mails']} wait, the oldest since {age(queue['oldest_seconds'])};"
        f" {queue['due']} due, {queue['late']} of them late"
    )
    return [head, *map(_hop, queue["hops"][:_MOST_HOPS]), *_more(len(queue["hops"]))]


def _hop(hop: Mapping[str, Any]) -> str:
    where = "mailboxes here" if hop["hop"] == LOCAL else hop["hop"]
    why = f": {hop['reason']}" if hop["reason"] else ""
    return f"  {hop['mails']} for {where}, the oldest since {age(hop['oldest_seconds'])}{why}"


def _more(hops: int) -> list[str]:
    return [f"  and for {hops - _MOST_HOPS} more"] if hops > _MOST_HOPS else []


def _figure(value: int | None) -> str:
    return "unknown" if value is None else str(value)
