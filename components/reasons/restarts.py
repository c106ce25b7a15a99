"""Which changes take services down, in which order, and what the cluster survives meanwhile."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from components.reasons.compare import Difference
from components.reasons.wording import parts
from components.topology import Node, Plan

# What a running mail server takes up only at a start, by the keys of its settings document: listeners follow from
# `submission`. Source: scripts/lib/stalwart/wish.py, restart_digest.
STARTED_FOR = frozenset({"coordinators", "proxies", "submission"})


class Service(StrEnum):
    """What is restarted, as a sentence names it."""

    DATABASE = "FoundationDB"
    MAIL = "the mail server"


# Scripts and those of their variables that a running process takes up only when it starts again.
_TAKEN_UP_AT_A_START: Mapping[str, tuple[Service, frozenset[str]]] = {
    "foundationdb/install.sh": (Service.DATABASE, frozenset({"FDB_VERSION", "FDB_MEMORY", "FDB_CACHE", "ADDRESS"})),
    "stalwart/install.sh": (
        Service.MAIL,
        frozenset({"STALWART_VERSION", "STALWART_HOSTNAME", "TRANSACTION_TIMEOUT", "NATS_PASSWORD", "ZONE"}),
    ),
}
_TAKES_UP_ITS_SETTINGS = frozenset({"stalwart/first.py", "stalwart/start.py"})
_COORDINATOR = ("coordinator/install.sh", frozenset({"ADDRESS", "NATS_PASSWORD", "NATS_PEERS"}))


def restarted(difference: Difference) -> Service | None:
    """The service that a step restarts because of what is different; none on another machine, where nothing runs yet.

    A changed script alone restarts nothing: it compares with what it finds.
    """
    if difference.of("MACHINE"):
        return None
    if difference.path in _TAKES_UP_ITS_SETTINGS:
        wish = difference.of("WISH")
        return Service.MAIL if wish and STARTED_FOR & {*parts(wish)} else None
    service, variables = _TAKEN_UP_AT_A_START.get(difference.path, (None, frozenset()))
    return service if any(difference.of(name) for name in variables) else None


def consequence(difference: Difference) -> str:
    """What follows from a difference, to be put behind its reason; empty where nothing goes down."""
    if goes_over(difference):
        return f"restarts {Service.DATABASE} and {Service.MAIL} on all nodes at once"
    if service := restarted(difference):
        return f"restarts {service}"
    path, variables = _COORDINATOR
    return "the coordinator reloads" if difference.path == path and any(map(difference.of, variables)) else ""


def goes_over(difference: Difference) -> bool:
    """Whether a step takes the whole database to another line because of what is different."""
    change = difference.of("FDB_VERSION") if difference.path == "foundationdb/window.py" else None
    return change is not None and len({str(text).rpartition(".")[0] for text in (change.before, change.after)}) > 1


def all_at_once(plan: Plan, release: str) -> str:
    """What it means that the database may go over to another line."""
    line, _, _ = release.rpartition(".")
    nodes = ", ".join(node.name for node in plan.nodes)
    return (
        f"Where the database is not of FoundationDB {line} yet, all its processes ({nodes}) restart at once, once,"
        " the mail servers after them, and no node accepts mail for some seconds. It cannot be undone, and this program"
        f" was not tried with FoundationDB {line}. Afterwards the mail server restarts once more on each node in its"
        " turn."
    )


def warning(plan: Plan, nodes: Mapping[Service, Iterable[str]]) -> str:
    """What goes down where and in which order, and what may be lost meanwhile.

    Args:
        nodes: the names of those on which each service restarts, in any order.
    """
    order = {service: [node for node in plan.nodes if node.name in {*names}] for service, names in nodes.items()}
    several = len({node for found in order.values() for node in found}) > 1
    turns = ", one node after the other, those that wait in the order of their names" if several else ""
    gate = "can lose a zone" if plan.expected_tolerance.survivable else "has all copies of its data"
    return (
        f"{_which(order)}{turns}, {'each ' if several else ''}only when the cluster {gate}. {_meanwhile(plan, order)}"
    )


def _which(order: Mapping[Service, list[Node]]) -> str:
    by_nodes: dict[str, list[Service]] = {}
    for service in Service:
        if order.get(service):
            by_nodes.setdefault(", ".join(node.name for node in order[service]), []).append(service)
    told = " and ".join(
        f"{' and '.join(services)} {'restart' if len(services) > 1 else 'restarts'} on {names}"
        for names, services in by_nodes.items()
    )
    return told[:1].upper() + told[1:]


def _meanwhile(plan: Plan, order: Mapping[Service, list[Node]]) -> str:
    expected = plan.expected_tolerance.survivable
    left = survivable(plan, order)
    down = Service.DATABASE if order.get(Service.DATABASE) else Service.MAIL
    if left < 0:
        return f"Mail stops while {down} restarts."
    if left < expected:
        survives = f"the loss of {_zones(left)} instead of {_zones(expected)}"
    elif expected:
        survives = f"the loss of {_zones(left)}, as always"
    else:
        return f"The other nodes serve while {down} restarts."
    return f"While {down} restarts, the cluster survives {survives}."


def survivable(plan: Plan, order: Mapping[Service, Iterable[Node]]) -> int:
    """Zones that may fail while one of these nodes is down on purpose; below zero: mail stops without any failure."""
    expected = plan.expected_tolerance.survivable
    left = [expected - 1 for _ in order.get(Service.DATABASE, ())]
    for down in order.get(Service.MAIL, ()):
        serving = {node.zone for node in plan.mail_nodes if node != down}
        left.append(min(expected, len(serving) - 1))
    return min(left, default=expected)


def _zones(number: int) -> str:
    return "no zone" if number == 0 else f"any {number} zone{'s' if number > 1 else ''}"
