"""What only the leader does: members, commits, configuration, coordinators."""

import secrets
import time
from typing import TYPE_CHECKING, Any

from . import exclusions, report
from .wire import Message

if TYPE_CHECKING:
    from .server import Server

COPIES = {"single": 1, "double": 2, "triple": 3}


def register(server: "Server", facts: dict[str, Any]) -> Message:
    """Take a process in, or bring its copy up to date. One with another database's data stays outside."""
    with server.lock:
        mine = server.disk.database
        zombie = facts["database"] is not None and facts["database"] != mine
        server.refused |= zombie and mine is not None
        server.members[facts["address"]] = {**facts, "seen": time.time(), "zombie": zombie}
        if zombie or mine is None or facts["address"] == server.address:
            return {"zombie": zombie}
        known = server.disk.meta.get("zones", [])
        if facts["zone"] not in known and not exclusions.names(server, facts["address"]):
            server.disk.save(zones=sorted({*known, facts["zone"]}))
        if not facts["full"] and (facts["database"] != mine or facts["commit"] != server.disk.version):
            load(server, facts["address"])
    return {"zombie": False}


def serve(server: "Server", message: Message) -> Message:
    """A client's request; `unavailable` where this process does not lead a database."""
    if message["op"] == "who":
        return {"leader": server.leader, "string": server.cluster_file.string}
    if not server.leads():
        return {"error": "unavailable"}
    if message["op"] == "configure":
        return configure(server, message)
    if message["op"] == "status":
        return {"cluster": report.cluster(server)}
    if server.disk.meta.get("configuration") is None:
        return {"error": "unavailable"}
    match message["op"]:
        case "members":
            return {"addresses": list(server.live_members())}
        case "get":
            value, version = server.disk.get(message["key"])
            return {"value": value, "version": version}
        case "range":
            return {"pairs": server.disk.get_range(message["prefix"])}
        case "commit":
            return commit(server, message)
        case "coordinators":
            return coordinators(server, message["addresses"])
        case "exclude" | "include":
            return exclusions.change(server, message["op"], message["addresses"])
        case "maintenance":
            return maintenance(server, message["zone"], message["seconds"])
        case "excluded":
            return {"waiting": exclusions.holding(server)}
        case _:
            return {"error": f"unknown operation {message['op']}"}


def commit(server: "Server", message: Message) -> Message:
    """All or nothing, if nothing that was read has changed meanwhile; acknowledged when every live copy has it.

    A process whose disk is full takes no copy: the others have to be enough. Where one knows another leader or a newer
    copy, nothing is acknowledged: two may take themselves for the leader for a moment, never do two commit.
    """
    disk = server.disk
    with server.lock:
        if any(disk.get(key)[1] != version for key, version in message["reads"]):
            return {"conflict": True}
        for prefix, seen in message["ranges"]:
            if [[key, version] for key, _, version in disk.get_range(prefix)] != seen:
                return {"conflict": True}
        copies = COPIES[disk.meta["configuration"]["redundancy"]]
        members = server.live_members()
        room = {member["zone"] for member in members.values() if not member["full"]}
        if disk.full or len(room) < copies:
            return {"error": "unavailable"}
        version = disk.version + 1
        order = {
            "op": "apply",
            "from": server.address,
            "version": version,
            "database": disk.database,
            "writes": message["writes"],
        }
        server.handing_out = version
        try:
            if not _is_held(server, _hand_out(server, order, members), members):
                return {"error": "unavailable"}
            disk.apply(version, [tuple(write) for write in message["writes"]])
        finally:
            server.handing_out = 0
    return {"version": version}


def _hand_out(server: "Server", order: Message, members: dict[str, dict[str, Any]]) -> set[str]:
    """Who has taken a commit, the leader included that will; nobody where one knows better than to take it."""
    holders = {server.address}
    for address in members:
        if address == server.address:
            continue
        try:
            answer = server.ask(address, order, 1)
            if answer.get("behind"):
                load(server, address)
                answer = server.ask(address, order, 1)
        except OSError:
            server.members.pop(address, None)
            continue
        if "refused" in answer:
            return set()
        if not answer.get("full"):
            holders.add(address)
    return holders


def _is_held(server: "Server", holders: set[str], members: dict[str, dict[str, Any]]) -> bool:
    """Whether copies enough and a majority of coordinators have a commit, whose leader still is one."""
    copies = COPIES[server.disk.meta["configuration"]["redundancy"]]
    zones = {server.zone if address == server.address else members[address]["zone"] for address in holders}
    coordinators = server.cluster_file.coordinators
    most = len(holders & set(coordinators)) > len(coordinators) // 2
    return len(zones) >= copies and most and server.leader == server.address


def configure(server: "Server", message: Message) -> Message:
    """`configure new MODE ENGINE` once, `configure MODE` later."""
    with server.lock:
        here = server.disk.meta.get("configuration")
        mode, engine = message["redundancy"], message["engine"]
        zones = {member["zone"] for member in server.live_members().values()}
        if message["new"]:
            if here is not None:
                return {"error": "exists"}
            if len(zones) < COPIES[mode]:
                return {"error": "unavailable"}
            database = secrets.token_hex(8)
            server.disk.create(database)
            server.disk.save(configuration={"redundancy": mode, "engine": engine}, zones=sorted(zones), generation=2)
            server.epoch_began = time.time()
            spread(server)
            return {"done": "created"}
        if here is None:
            return {"error": "unavailable"}
        if engine and engine != here["engine"]:
            return {"error": "engine"}
        if mode and len(zones) < COPIES[mode]:
            return {"error": "too few"}
        server.disk.save(
            configuration={**here, "redundancy": mode or here["redundancy"]},
            generation=server.disk.meta["generation"] + 2,
        )
        spread(server)
    return {"done": "changed"}


def coordinators(server: "Server", addresses: list[str]) -> Message:
    """Move the coordination: every member and old coordinator is told, and clients are forwarded."""
    with server.lock:
        old = server.cluster_file.identity
        if sorted(addresses) == sorted(server.cluster_file.coordinators):
            return {"done": "same"}
        live = server.live_members()
        if any(address not in live for address in addresses):
            return {"error": "unreachable"}
        string = f"{old.split(':')[0]}:{secrets.token_hex(16)}@{','.join(sorted(addresses))}"
        server.disk.save(generation=server.disk.meta["generation"] + 2)
        spread(server)
        for address in live:
            if address != server.address:
                server.ask(address, {"op": "string", "old": old, "string": string}, 2)
        server.answer({"op": "string", "old": old, "string": string})
        server.epoch_began = time.time()
    return {"done": "changed"}


def maintenance(server: "Server", zone: str | None, seconds: int) -> Message:
    """One zone at a time, until the time is over; no recovery follows from it."""
    with server.lock:
        server.disk.save(maintenance=[zone, time.time() + seconds] if zone else None)
        spread(server)
    # A commit, as in the real one: else a process that was away meanwhile is as new, may lead, and knows nothing of it.
    done = commit(server, {"reads": [], "ranges": [], "writes": []})
    return done if "error" in done else {"done": "changed"}


def spread(server: "Server") -> None:
    """Every copy carries the configuration too."""
    for address in server.live_members():
        if address != server.address:
            load(server, address)


def load(server: "Server", address: str) -> None:
    """Send the whole copy to a process, which refuses one that is older than its own."""
    server.ask(address, {"op": "load", "from": server.address, "dump": server.disk.dump()}, 10)
