"""What `make status` shows a person."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tools.status.nodes import Seen

_HEAD = ("NODE", "ZONE", "ADDRESS", "REACHED", "DATABASE", "COORDINATOR", "MAIL")


def render(seen: Sequence[Seen], wanted: int | None) -> tuple[str, bool]:
    """The table with what follows from it, and whether all is well."""
    rows = [_HEAD, *(_row(one) for one in seen)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    summary, troubles = _database(seen, wanted)
    troubles = [*(trouble for one in seen for trouble in _troubles(one)), *troubles]
    lines += ["", summary, *(f"! {trouble}" for trouble in troubles), "" if troubles else "all is well"]
    return "\n".join(lines).rstrip(), not troubles


def _row(one: Seen) -> tuple[str, ...]:
    facts = one.target.facts
    head = (one.target.name, str(facts.get("zone", "?")), str(facts.get("address") or one.target.connection["host"]))
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


def _troubles(one: Seen) -> Iterator[str]:
    name = one.target.name
    if one.found is None:
        yield f"{name} cannot be reached: {one.trouble}"
        return
    units, closed = one.found["units"], set(one.found["closed"])
    for unit, state in units.items():
        if state not in {"active", "missing"}:
            yield f"{unit} on {name} is {state}"
    if units["stalwart"] == "missing":
        closed &= {"database"}
    if closed:
        yield f"nothing listens on {name} for {', '.join(sorted(closed))}"
    if units["stalwart"] == "active" and not one.found["coordinated"]:
        yield f"the mail server on {name} has no connection to the coordinator"
    for product, wanted in one.target.facts.items():
        found = one.found["versions"].get(product)
        if product in {"foundationdb", "stalwart"} and wanted and found and found != wanted:
            yield f"{name} has {product} {found}, the stack says {wanted}"


def _database(seen: Sequence[Seen], wanted: int | None) -> tuple[str, list[str]]:
    """One line on the cluster as a node that reaches it sees it, and what is wrong with it."""
    views: list[Mapping[str, Any]] = [one.found["database"] for one in seen if one.found and one.found["database"]]
    view = next((view for view in views if view["available"]), views[0] if views else None)
    if view is None:
        return "database: unknown", ["no node can say how the database is"]
    data, availability = (view[f"zone_failures_without_losing_{what}"] for what in ("data", "availability"))
    summary = (
        f"database: {'available' if view['available'] else 'NOT AVAILABLE'}, {view['redundancy_mode'] or 'unknown'},"
        f" data {view['data_state'] or 'unknown'}; zones that may fail: {_figure(data)} without losing data,"
        f" {_figure(availability)} without losing service; wanted {_figure(wanted)}"
    )
    troubles = [] if view["available"] else ["the database is not available"]
    for figure, what in ((data, "data"), (availability, "service")):
        if wanted is not None and (figure is None or figure < wanted):
            troubles.append(f"{_figure(figure)} zones may fail without losing {what}, {wanted} are wanted")
    troubles += [
        f"coordinator {address} is out of reach" for address, there in view["coordinators"].items() if not there
    ]
    troubles += view["messages"]
    return summary, troubles


def _figure(value: int | None) -> str:
    return "unknown" if value is None else str(value)
