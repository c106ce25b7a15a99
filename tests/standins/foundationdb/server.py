"""fdbserver: one process of the cluster. The leader among the coordinators takes writes and knows the members."""

import json
import os
import socketserver
import sys
import threading
import time
from pathlib import Path
from typing import Any

from . import leader
from .disk import Disk
from .wire import ClusterFile, Message, ask, line_of

HEARTBEAT_SECONDS = 0.25
# A member that was silent so long is gone; the real one notices within two seconds.
GONE_SECONDS = 1.5


class Server:
    """A process: its own facts, the members it has heard of, and the loop that finds the leader."""

    def __init__(self, options: dict[str, str]) -> None:
        self.address = options["public_address"].split(",")[0]
        self.zone = options.get("locality_zoneid", self.address)
        self.machine = options.get("locality_machineid", self.zone)
        self.version = options.get("release", "7.4.6")
        self.line = line_of(self.version)
        self.memory_limit = options.get("memory", "8192MiB")
        self.cluster_file = ClusterFile(options["cluster_file"])
        least = int(options.get("knob_min_available_space", 100_000_000))
        self.disk = Disk(Path(options["datadir"]), least)
        self.started = time.time()
        self.lock = threading.RLock()
        self.members: dict[str, dict[str, Any]] = {}
        self.leader: str | None = None
        self.heard: dict[str, float] = {}
        self.zombie = False
        self.refused = False
        self.handing_out = 0
        self.epoch_began = time.time()
        self.held_up = False

    def facts(self) -> Message:
        """What this process says of itself."""
        return {
            "address": self.address,
            "zone": self.zone,
            "machine": self.machine,
            "process": self.disk.process_id,
            "version": self.version,
            "database": self.disk.database,
            "commit": self.disk.version,
            "full": self.disk.full,
            "uptime": time.time() - self.started,
            "memory_limit": self.memory_limit,
        }

    def ask(self, address: str, message: Message, seconds: float) -> Message:
        """Send a message to another process; one of another line gives no answer.

        Raises:
            OSError: nobody answers in time.
        """
        return ask(address, {**message, "line": self.line}, seconds)

    def heartbeat(self) -> None:
        """Look for the coordinators, agree on the leader, register with it."""
        while True:
            began = time.monotonic()
            try:
                self._beat()
            except (OSError, ValueError, StopIteration, LookupError, KeyError) as trouble:
                print(f"{self.address}: {trouble!r}", file=sys.stderr, flush=True)
            time.sleep(max(0.05, HEARTBEAT_SECONDS - (time.monotonic() - began)))

    def _beat(self) -> None:
        identity, coordinators = self.cluster_file.identity, self.cluster_file.coordinators
        answers: dict[str, Message] = {}
        # The leader last: what it hands out meanwhile makes nobody newer than it is.
        for address in sorted(coordinators, key=lambda one: one == self.leader):
            try:
                answer = (
                    self.ask(address, {"op": "hello", "identity": identity}, 0.8)
                    if address != self.address
                    else self.hello(identity)
                )
            except (OSError, ValueError):
                continue
            if "forward" in answer:
                self.cluster_file.rewrite(answer["forward"])
                return
            if answer.get("ok"):
                answers[address] = answer
                self.heard[address] = time.time()
        if len(answers) <= len(coordinators) // 2:
            self.leader = None
            return
        # The newest copy leads; among equals one that has room, then the lowest address.
        best = max(answer["commit"] for answer in answers.values())
        _, self.leader = min((answer["full"], at) for at, answer in answers.items() if answer["commit"] == best)
        if self.leader == self.address:
            leader.register(self, self.facts())
            self.held_up = any(self._is_of_another_line(address) for address in {*coordinators, *self.members})
        else:
            answer = self.ask(self.leader, {"op": "register", "facts": self.facts()}, 2)
            self.zombie = bool(answer.get("zombie"))

    def _is_of_another_line(self, address: str) -> bool:
        """Whether a connection to it stands and nothing comes of it: it is not taken for lost, so nobody goes on."""
        if address in self.live_members():
            return False
        try:
            return bool(ask(address, {"op": "protocol"}, 0.3)["line"] != self.line)
        except (OSError, ValueError):
            return False

    def hello(self, identity: str) -> Message:
        """A coordinator's answer to who asks under a description and id."""
        forwards = self.disk.meta.get("forwards", {})
        if identity == self.cluster_file.identity:
            commit = max(self.disk.version, self.handing_out)
            return {"ok": True, "commit": commit, "full": self.disk.full, "leader": self.leader}
        if identity in forwards:
            return {"forward": self.cluster_file.string}
        # Nobody here keeps state under that id: such a client waits for ever.
        return {"ok": False}

    def leads(self) -> bool:
        """Whether this process is the leader, hears a majority of coordinators, and waits for nobody."""
        coordinators = self.cluster_file.coordinators
        now = time.time()
        alive = [a for a in coordinators if a == self.address or now - self.heard.get(a, 0) < GONE_SECONDS]
        return self.leader == self.address and not self.held_up and len(alive) > len(coordinators) // 2

    def is_newer(self, database: str, version: int) -> bool:
        """Whether this copy holds commits of the database that another has not. Only a coordinator's counts: the newest
        of theirs leads, and what no majority of them holds was promised to nobody.
        """
        coordinates = self.address in self.cluster_file.coordinators
        return coordinates and database == self.disk.database and version < self.disk.version

    def live_members(self) -> dict[str, dict[str, Any]]:
        """The processes that registered a moment ago."""
        now = time.time()
        return {a: m for a, m in self.members.items() if now - m["seen"] < GONE_SECONDS and not m.get("zombie")}

    def answer(self, message: Message) -> Message:
        """Do what a message asks."""
        match message["op"]:
            case "hello":
                return self.hello(message["identity"])
            case "register":
                return leader.register(self, message["facts"])
            case "apply" | "load" if self.leader not in {None, message["from"]}:
                return {"refused": f"{self.leader} leads"}
            case "apply" | "load" if self.disk.full:
                return {"full": True}
            case "apply":
                if self.is_newer(message["database"], message["version"] - 1):
                    return {"refused": "this copy is newer"}
                if message["version"] != self.disk.version + 1 or message["database"] != self.disk.database:
                    return {"behind": True}
                self.disk.apply(message["version"], [tuple(write) for write in message["writes"]])
                return {"ok": True}
            case "load":
                if self.is_newer(message["dump"]["meta"]["database"], message["dump"]["version"]):
                    return {"refused": "this copy is newer"}
                self.disk.load(message["dump"])
                return {"ok": True}
            case "string":
                self.disk.save(forwards={**self.disk.meta.get("forwards", {}), message["old"]: True})
                return {"ok": self.cluster_file.rewrite(message["string"])}
            case "exit":
                threading.Timer(0.1, os._exit, [0]).start()
                return {"ok": True}
            case _:
                # A client that is connected is told too when the coordinators change.
                moved = message.get("identity") in self.disk.meta.get("forwards", {})
                forward = {"forward": self.cluster_file.string} if moved else {}
                return {**leader.serve(self, message), **forward}


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        process: Server = self.server.process  # type: ignore[attr-defined]  # set below
        for text in self.rfile:
            message = json.loads(text)
            if message["op"] == "protocol":
                # The one question that all lines understand.
                answer: Message = {"line": process.line}
            elif message.pop("line") != process.line:
                # The connection stands, and whoever asks waits for ever.
                continue
            else:
                answer = process.answer(message)
            self.wfile.write(json.dumps(answer).encode() + b"\n")


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is nothing to talk about."""


def main(arguments: list[str]) -> None:
    """Run until killed."""
    if "--version" in arguments:
        release = arguments[-1].partition("=")[2]
        print(f"FoundationDB {line_of(release)} (v{release})")
        return
    options = {}
    for argument in arguments:
        key, _, value = argument.removeprefix("--").partition("=")
        options[key.replace("-", "_")] = value
    process = Server(options)
    host, port = process.address.rsplit(":", 1)
    listener = _Listener((host, int(port)), _Handler)
    listener.process = process  # type: ignore[attr-defined]  # what a handler works on
    threading.Thread(target=process.heartbeat, daemon=True).start()
    listener.serve_forever()
