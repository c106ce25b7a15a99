"""`status json`: the fields an installer reads, with the figures computed as the real server computes them."""

import time
from typing import TYPE_CHECKING, Any

from . import exclusions

if TYPE_CHECKING:
    from .server import Server

_MIB = 1024 * 1024


def protocol(line: str) -> str:
    """The protocol of a line, as a status tells it: `7.4` -> `fdb00b074000000`."""
    return f"fdb00b0{line.replace('.', '')}000000"


def cluster(server: "Server") -> dict[str, Any]:
    """The cluster's part, as its controller tells it."""
    from .leader import COPIES  # noqa: PLC0415  # they know each other

    meta = server.disk.meta
    configuration = meta.get("configuration")
    if configuration is None:
        return {"configured": False}
    copies = COPIES[configuration["redundancy"]]
    members = server.live_members()
    takes = [m for address, m in members.items() if not m["full"] and not exclusions.names(server, address)]
    live = {member["zone"] for member in takes}
    lost = set(meta.get("zones", [])) - live
    replicas = max(0, copies - len(lost))
    quorum = (len(server.cluster_file.coordinators) - 1) // 2
    zone, until = meta.get("maintenance") or (None, 0)
    away = 1 if zone and time.time() < until else 0
    without_data = max(-1, min(copies - 1 - away, quorum, replicas - 1))
    without_service = max(-1, min(copies - 1 - away, len(live) - copies, without_data))
    since = time.time() - server.epoch_began
    calm = since > 60  # the real one says `initializing` for a minute
    state = {"healthy": calm and not lost, "name": "healthy" if calm and not lost else "initializing"}
    if lost:
        state = {"healthy": False, "name": "healing"}
    return {
        "configured": True,
        "available": len(live) >= copies,
        "document": {
            "cluster_controller_timestamp": int(time.time()),
            "configuration": {
                "coordinators_count": len(server.cluster_file.coordinators),
                "excluded_servers": [{"address": address} for address in meta.get("excluded", {})],
                "log_engine": "ssd-2",
                "redundancy_mode": configuration["redundancy"],
                "storage_engine": configuration["engine"],
                "storage_migration_type": "disabled",
                "usable_regions": 1,
            },
            "connection_string": server.cluster_file.string,
            "data": {
                "state": {**state, "min_replicas_remaining": replicas},
                "team_trackers": [{"primary": True, "state": {**state, "min_replicas_remaining": replicas}}],
                "moving_data": {"in_flight_bytes": 0, "in_queue_bytes": 0},
            },
            "database_available": len(live) >= copies,
            "database_lock_state": {"locked": False},
            "degraded_processes": 0,
            "fault_tolerance": {
                "max_zone_failures_without_losing_availability": without_service,
                "max_zone_failures_without_losing_data": without_data,
            },
            "full_replication": not lost,
            "generation": meta["generation"],
            "incompatible_connections": [],
            "logs": [
                {
                    "current": True,
                    "epoch": meta["generation"],
                    "log_fault_tolerance": replicas - 1,
                    "log_replication_factor": copies,
                    "possibly_losing_data": False,
                }
            ],
            "machines": {member["machine"]: {"address": a.rsplit(":", 1)[0]} for a, member in members.items()},
            "messages": [],
            **({"maintenance_zone": zone, "maintenance_seconds_remaining": until - time.time()} if away else {}),
            "processes": {member["process"]: _process(server, member) for member in members.values()},
            "protocol_version": protocol(server.line),
            "recovery_state": {
                "active_generations": 1,
                "description": "Recovery complete.",
                "name": "fully_recovered",
                "seconds_since_last_recovered": round(since, 3),
            },
        },
    }


def _process(server: "Server", member: dict[str, Any]) -> dict[str, Any]:
    address = member["address"]
    excluded = exclusions.names(server, address)
    roles = [{"role": "log"}, {"role": "storage"}] if not excluded or address in exclusions.holding(server) else []
    if address in server.cluster_file.coordinators:
        roles.append({"role": "coordinator"})
    messages = []
    if address == server.address:
        roles.append({"role": "cluster_controller"})
        if server.refused:
            messages.append(
                {"name": "WorkerBelongsToExistingCluster", "type": "process_error", "description": "process_error"}
            )
    limit = int(str(member["memory_limit"]).removesuffix("MiB")) * _MIB
    return {
        "address": address,
        "class_type": "unset",
        "class_source": "command_line",
        "command_line": "/usr/sbin/fdbserver (stand-in)",
        "degraded": False,
        "excluded": excluded,
        "fault_domain": member["zone"],
        "locality": {"machineid": member["machine"], "processid": member["process"], "zoneid": member["zone"]},
        "machine_id": member["machine"],
        "memory": {"available_bytes": limit, "limit_bytes": limit, "rss_bytes": 30 * _MIB, "used_bytes": 60 * _MIB},
        "messages": messages,
        "roles": roles,
        "run_loop_busy": 0.02,
        "uptime_seconds": round(member["uptime"], 3),
        "version": member["version"],
    }
