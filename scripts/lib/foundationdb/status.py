"""`status json` of FoundationDB read into a typed result, and the gates that decisions go by.

Source of the fields: FoundationDB 7.4, mr-status-json-schemas. Any field may be missing: the cluster's part is absent
when no cluster controller can be reached.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any

Json = Mapping[str, Any]

RECOVERED = frozenset({"accepting_commits", "all_logs_recruited", "storage_recovered", "fully_recovered"})
CALM_SECONDS = 10.0
COPIES = {"single": 1, "double": 2, "triple": 3}


@dataclass(frozen=True)
class Process:
    """One server process. Sizes in bytes."""

    address: str
    zone: str
    version: str
    excluded: bool
    roles: tuple[str, ...]
    memory_used: int
    memory_limit: int
    uptime_seconds: float
    messages: tuple[str, ...]


@dataclass(frozen=True)
class Status:
    """The state of a cluster as one client saw it. Tolerances are numbers of zones; None is unknown."""

    available: bool
    quorum_reachable: bool
    redundancy_mode: str | None
    storage_engine: str | None
    coordinators: dict[str, bool]
    zones: tuple[str, ...]
    processes: tuple[Process, ...]
    zone_failures_without_losing_data: int | None
    zone_failures_without_losing_availability: int | None
    full_replication: bool
    data_state: str | None
    recovery_state: str | None
    active_generations: int
    seconds_since_last_recovered: float
    generation: int | None
    log_replicas_missing: bool
    replicas_missing: bool
    locked: bool
    maintenance_zone: str | None
    connection_string: str | None
    excluded_servers: tuple[str, ...]
    messages: tuple[str, ...]
    checked_at: str

    def as_json(self) -> dict[str, Any]:
        """Ready for `json.dumps`; the connection string is left out, because it opens the database."""
        return {key: value for key, value in asdict(self).items() if key != "connection_string"}


def read(document: Json) -> Status:
    """Read a status document. Never fails: what is missing is unknown, and unknown is never counted as good."""
    client, cluster = _map(document, "client"), _map(document, "cluster")
    tolerance, configuration = _map(cluster, "fault_tolerance"), _map(cluster, "configuration")
    recovery = _map(cluster, "recovery_state")
    processes = tuple(
        sorted(
            (_process(item) for item in _map(cluster, "processes").values() if isinstance(item, Mapping)),
            key=lambda p: p.address,
        )
    )
    available = bool(_map(client, "database_status").get("available"))
    copies = _copies(configuration)
    return Status(
        available=available,
        quorum_reachable=bool(_map(client, "coordinators").get("quorum_reachable")),
        redundancy_mode=configuration.get("redundancy_mode"),
        storage_engine=configuration.get("storage_engine"),
        coordinators={
            item["address"]: bool(item.get("reachable"))
            for item in _map(client, "coordinators").get("coordinators", [])
            if "address" in item
        },
        zones=tuple(sorted({process.zone for process in processes if not process.excluded})),
        processes=processes,
        zone_failures_without_losing_data=tolerance.get("max_zone_failures_without_losing_data"),
        zone_failures_without_losing_availability=tolerance.get("max_zone_failures_without_losing_availability"),
        full_replication=bool(cluster.get("full_replication")),
        data_state=_map(_map(cluster, "data"), "state").get("name"),
        recovery_state=recovery.get("name"),
        active_generations=int(recovery.get("active_generations", 0)),
        seconds_since_last_recovered=float(recovery.get("seconds_since_last_recovered", -1)),
        generation=cluster.get("generation"),
        log_replicas_missing=any(
            log.get("log_fault_tolerance", -1) + 1 != log.get("log_replication_factor")
            for log in cluster.get("logs", [])
        ),
        replicas_missing=any(
            _map(tracker, "state").get("min_replicas_remaining", 0) < copies
            for tracker in _map(cluster, "data").get("team_trackers", [])
        ),
        locked=bool(_map(cluster, "database_lock_state").get("locked")),
        maintenance_zone=cluster.get("maintenance_zone") or None,
        connection_string=cluster.get("connection_string"),
        excluded_servers=tuple(
            str(server["address"]) for server in configuration.get("excluded_servers", []) if "address" in server
        ),
        messages=tuple(_messages([*client.get("messages", []), *cluster.get("messages", [])])),
        checked_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),  # noqa: UP017  # also Python 3.10 tools
    )


def not_up(status: Status) -> list[str]:
    """Why the database does not serve; empty when it does."""
    if status.available:
        return []
    unreachable = sorted(address for address, reachable in status.coordinators.items() if not reachable)
    reasons = [f"coordinators out of reach: {', '.join(unreachable)}"] if unreachable else []
    return [*reasons, *status.messages] or ["the database is unavailable"]


def not_told(status: Status) -> list[str]:
    """What a status leaves out for a moment after a recovery; empty when all that is decided by is there."""
    reasons = [] if status.redundancy_mode and status.storage_engine else ["its configuration is not known yet"]
    return reasons + [
        f"the zone of {process.address} is not known yet" for process in status.processes if not process.zone
    ]


def not_calm(status: Status) -> list[str]:
    """Why a recovery is under way or so recent that another may follow it; empty when none is.

    The time is the operator's wait after a recovery made short: what a node takes away is looked at by itself.
    """
    reasons = not_up(status)
    if status.recovery_state not in RECOVERED:
        reasons.append(f"the last recovery is at {status.recovery_state}")
    if status.seconds_since_last_recovered < CALM_SECONDS:
        reasons.append(f"the last recovery was {status.seconds_since_last_recovered:.0f} s ago")
    return reasons


def not_replicated(status: Status) -> list[str]:
    """Why not every piece of data and of the log has all its copies; empty when it has.

    `data.state` is not looked at: it says `initializing` for a minute after each recovery.
    """
    reasons = [] if status.full_replication else ["not all data have all their copies"]
    if status.replicas_missing:
        reasons.append("a team of storage servers has lost a copy")
    if status.log_replicas_missing:
        reasons.append("a generation of the log has lost a copy")
    return reasons


def not_tolerant(status: Status, wanted: int) -> list[str]:
    """Why fewer than `wanted` zones may fail; empty when that many may."""
    reasons = not_up(status) + not_replicated(status)
    for figure, what in (
        (status.zone_failures_without_losing_data, "losing data"),
        (status.zone_failures_without_losing_availability, "losing availability"),
    ):
        if figure is None:
            reasons.append(f"it is unknown how many zones may fail without {what}")
        elif figure < wanted:
            reasons.append(f"{figure} zones may fail without {what}, {wanted} are wanted")
    reasons += [f"coordinator {address} is out of reach" for address, there in status.coordinators.items() if not there]
    return reasons


def not_matching(
    status: Status, processes: Mapping[str, str], version: str, leaving: AbstractSet[str] = frozenset()
) -> list[str]:
    """Why the processes are not exactly the wanted ones (address -> zone) and those that leave; empty when they are."""
    here = {process.address: process for process in status.processes if process.address not in leaving}
    reasons = [f"{address} is missing" for address in sorted(set(processes) - set(here))]
    reasons += [f"{address} does not belong here" for address in sorted(set(here) - set(processes))]
    for address, process in here.items():
        if process.zone != processes.get(address, process.zone):
            reasons.append(f"{address} says zone {process.zone}, not {processes[address]}")
        if process.version.split("-")[0] != version:
            reasons.append(f"{address} runs release {process.version}, not {version}")
        if process.excluded:
            reasons.append(f"{address} is excluded")
    return reasons


def still_holding(status: Status, leaving: AbstractSet[str]) -> list[str]:
    """Which of the processes that leave still hold data or a part of the log; empty when none does."""
    return [
        f"{process.address} is still {' and '.join(sorted(held))}"
        for process in status.processes
        if process.address in leaving and (held := {"storage", "log"} & set(process.roles))
    ]


def _map(document: Json, key: str) -> Json:
    value = document.get(key) if isinstance(document, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _copies(configuration: Json) -> int:
    return COPIES.get(str(configuration.get("redundancy_mode")), 1)


def _process(item: Json) -> Process:
    locality, memory = _map(item, "locality"), _map(item, "memory")
    return Process(
        address=str(item.get("address", "")),
        zone=str(locality.get("zoneid", "")),
        version=str(item.get("version", "")),
        excluded=bool(item.get("excluded")),
        roles=tuple(sorted({str(role.get("role")) for role in item.get("roles", [])})),
        memory_used=int(memory.get("rss_bytes", memory.get("used_bytes", 0))),
        memory_limit=int(memory.get("limit_bytes", 0)),
        uptime_seconds=float(item.get("uptime_seconds", 0)),
        messages=tuple(_messages(item.get("messages", []))),
    )


def _messages(messages: Iterable[Json]) -> Iterable[str]:
    for message in messages:
        name, text = str(message.get("name", "")), str(message.get("description", ""))
        yield f"{name}: {text}" if text and text != name else name
