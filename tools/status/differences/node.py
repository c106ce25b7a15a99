"""What differs on one node: its services, releases, files and cluster files."""

from collections.abc import Iterator, Mapping
from typing import Any

from components.settings.fields.release import release_numbers
from tools.status.differences.difference import MEND, Difference, Subject
from tools.status.look import View
from tools.status.nodes import Seen

_RUNNING = frozenset({"active", "reloading"})
# What listens where the service behind it runs.
_BEHIND = {"database": "foundationdb"}

Found = Mapping[str, Any]


def differences(seen: Seen, view: View) -> Iterator[Difference]:
    """What differs on a node; only that, when it cannot be reached."""
    name = seen.target.name
    if seen.found is None:
        remedy = "is it up, and is SSH open to you? What runs on it is unknown; mail goes on within the tolerance"
        yield Difference(Subject.REACH, f"{name} cannot be reached: {seen.trouble}", remedy, name)
        return
    wanted = view.wanted.units.get(name, frozenset())
    yield from _services(name, seen.found, wanted)
    if seen.found.get("sends_itself"):
        told = f"mail would leave from {name} itself, which no record names as a sender: its rule in the kernel is gone"
        yield Difference(Subject.SERVICE, told, MEND, name)
    yield from _releases(name, seen.found, view)
    yield from _line(name, seen.found)
    for path, what in seen.found["changed_by_hand"].items():
        told = {"gone": "is gone", "edited": "was edited by hand"}.get(what, f"has other rights: {what}")
        yield Difference(Subject.FILE, f"{path} on {name} {told}", MEND, name)
    yield from _cluster_files(name, seen.found, view)
    for unit, why in seen.found["pending_restart"].items():
        told = f"{unit} on {name} was started before this changed: {', '.join(why)}"
        yield Difference(Subject.RESTART, told, MEND, name)


def _services(name: str, found: Found, wanted: frozenset[str]) -> Iterator[Difference]:
    for unit in sorted(wanted):
        state = found["units"].get(unit, "missing")
        if state not in _RUNNING:
            told = {"inactive": "stopped", "missing": "not installed"}.get(state, state)
            yield Difference(Subject.SERVICE, f"{unit} on {name} is {told}", MEND, name)
        elif (boot := found["at_boot"].get(unit)) != "enabled":
            yield Difference(Subject.SERVICE, f"{unit} on {name} would not start at boot: it is {boot}", MEND, name)
    running = {unit for unit in wanted if found["units"].get(unit) in _RUNNING}
    if closed := [port for port in found["closed"] if _BEHIND.get(port, "stalwart") in running]:
        remedy = f"journalctl -u stalwart -u foundationdb on {name} says why"
        yield Difference(Subject.PORT, f"nothing listens on {name} for {', '.join(closed)}", remedy, name)
    if "stalwart" in running and not found["coordinated"]:
        told = f"the mail server on {name} has no connection to the coordinator"
        yield Difference(Subject.SERVICE, told, MEND, name)


def _releases(name: str, found: Found, view: View) -> Iterator[Difference]:
    for product, wanted in (("foundationdb", view.wanted.foundationdb), ("stalwart", view.wanted.stalwart.get(name))):
        here = found["versions"].get(product)
        if wanted and here and here != wanted:
            told = f"{name} has {product} {here}, the stack wants {wanted}"
            yield Difference(Subject.RELEASE, told, _release_remedy(product, here, wanted), name)


def _line(name: str, found: Found) -> Iterator[Difference]:
    for release in found.get("beside", ()):
        told = (
            f"a change of FoundationDB to the line of {release} was begun and is not ended: its programs lie on {name}"
        )
        remedy = f"`up` goes on with it; to leave it before all have gone over, set the former release and {MEND}"
        yield Difference(Subject.RELEASE, told, remedy, name)


def _release_remedy(product: str, here: str, wanted: str) -> str:
    try:
        newer = release_numbers(here) > release_numbers(wanted)
    except ValueError:
        newer = False
    # What a newer release wrote an older one may not read.
    return f"not touched: set release.{product} to {here}" if newer else MEND


def _cluster_files(name: str, found: Found, view: View) -> Iterator[Difference]:
    for path, names in found["cluster_files"].items():
        if names is None:
            yield Difference(Subject.CLUSTER_FILE, f"{path} on {name} cannot be read", MEND, name)
        elif (right := _named(view)) and names != right:
            another = names["identity"] != right["identity"] and names["coordinators"] == right["coordinators"]
            told = "another state of them" if another else " ".join(names["coordinators"]) or "none"
            text = f"{path} on {name} does not name the coordinators of the database: {told}"
            remedy = MEND if path.startswith("/var/lib/stalwart/") else _HOST_FILE
            yield Difference(Subject.CLUSTER_FILE, text, remedy, name)


# The database writes it; what it names may be another database, whose data nobody here may touch.
_HOST_FILE = "not touched: copy /etc/foundationdb/fdb.cluster of a node that is well, owner foundationdb, mode 0640"


def _named(view: View) -> Mapping[str, Any] | None:
    """The coordinators by the word of the database itself."""
    for seen in view.nodes:
        database = (seen.found or {}).get("database") or {}
        if database.get("available") and database.get("named"):
            named: Mapping[str, Any] = database["named"]
            return named
    return None
