"""fdbcli: the commands the installer gives, with the words, streams and exit codes of the real one."""

import argparse
import json
import shlex
import sys
import time
from contextlib import suppress
from itertools import takewhile
from typing import Any

from . import exclusions
from .client import Store, StoreUnavailable
from .report import protocol
from .wire import ClusterFile, Message, ask, line_of

UNAVAILABLE = "\nThe database is unavailable; type `status' for more information.\n"
# The real one asks an unconfigured cluster for 33 s.
UNCONFIGURED_SECONDS = 33.0
_ENGINES = {"ssd": "ssd-2", "ssd-2": "ssd-2", "memory": "memory-2", "ssd-redwood-1": "ssd-redwood-1"}
_USAGE = "Usage: configure [new|tss]<single|double|triple|three_data_hall|three_datacenter|ssd|memory|...>*"


class Expired(Exception):  # noqa: N818  # reads as what it is
    """--timeout is over."""


class Cli:
    """One session of commands."""

    def __init__(self, cluster_file: str, seconds: float, release: str) -> None:
        self.file = ClusterFile(cluster_file)
        self.end = time.monotonic() + seconds if seconds else float("inf")
        self.store = Store(cluster_file, 5, line_of(release))
        self._listed: list[str] = []

    def request(self, message: Message) -> Message:
        """Ask the leader; an unavailable database is asked again until the timeout."""
        warned = False
        while True:
            try:
                return self.store.request(message)
            except (StoreUnavailable, OSError) as trouble:
                if str(trouble) not in {"unavailable", "no coordinator knows a leader"} and isinstance(
                    trouble, StoreUnavailable
                ):
                    return {"error": str(trouble)}
                self.store._leader = None  # the session belongs to it
            if time.monotonic() > self.end:
                raise Expired
            if not warned:
                print("\nWARNING: Long delay (Ctrl-C to interrupt)", file=sys.stderr)
                warned = True
            time.sleep(0.3)

    def run(self, command: str) -> int:
        """One command; 0 or 1."""
        words = shlex.split(command.replace("\\x", "\\\\x"))
        match words:
            case ["status", "json"]:
                print(json.dumps(self.status_json(), indent=4))
                return 0
            case ["status", *_]:
                return self.status_text()
            case ["configure", *rest]:
                return self.configure(rest)
            case ["coordinators", *addresses] if addresses:
                return self.coordinators(addresses)
            case ["exclude", *rest] if rest:
                return exclusions.exclude(self, rest)
            case ["include", *addresses] if addresses:
                self.request({"op": "include", "addresses": addresses})
                return 0
            case ["kill", *addresses]:
                return self.kill(addresses)
            case ["sleep", seconds]:
                time.sleep(float(seconds))
                return 0
            case ["writemode", _]:
                return 0
            case ["set", key, value]:
                self.store.transact(lambda tr: tr.set(_bytes(key), _bytes(value)))
                print("Committed (1)")
                return 0
            case ["get", key]:
                found = self.store.transact(lambda tr: tr.get(_bytes(key)))
                print(f"`{key}': not found" if found is None else f"`{key}' is `{found.decode()}'")
                return 0
            case ["clear", key]:
                self.store.transact(lambda tr: tr.clear(_bytes(key)))
                print("Committed (1)")
                return 0
            case ["getrange", first, *rest]:
                return self.getrange(_bytes(first), *rest)
            case ["maintenance", "on", zone, seconds] if seconds.isdigit():
                self.request({"op": "maintenance", "zone": zone, "seconds": int(seconds)})
                return 0
            case ["maintenance", "off"]:
                self.request({"op": "maintenance", "zone": None, "seconds": 0})
                return 0
            case _:
                print(f"ERROR: Unknown command `{words[0]}'. Try `help'?", file=sys.stderr)
                return 1

    def getrange(self, first: bytes, last: str = "\\xff", limit: str = "25") -> int:
        """The pairs from one key to another, which does not belong to them."""
        end = _bytes(last)
        common = bytes(one for one, other in takewhile(lambda pair: pair[0] == pair[1], zip(first, end, strict=False)))
        pairs = self.store.transact(lambda tr: tr.get_range(common))
        print(f"\nRange limited to {limit} keys")
        for key, value in [pair for pair in pairs if first <= pair[0] < end][: int(limit)]:
            print(f"`{_printed(key)}' is `{_printed(value)}'")
        return 0

    def configure(self, words: list[str]) -> int:
        new = "new" in words
        words = [word for word in words if word != "new"]
        modes = [word for word in words if word in {"single", "double", "triple"}]
        engines = [_ENGINES[word] for word in words if word in _ENGINES]
        if len(modes) + len(engines) != len(words) or (new and not (modes and engines)):
            print(_USAGE)
            return 1
        message = {
            "op": "configure",
            "new": new,
            "redundancy": next(iter(modes), None),
            "engine": next(iter(engines), None),
        }
        answer = self.request(message)
        match answer.get("error"):
            case "exists":
                print("ERROR: Database already exists! To change configuration, don't say `new'", file=sys.stderr)
            case "too few":
                print("ERROR: Not enough processes exist to support the specified configuration", file=sys.stderr)
                print("Type `configure FORCE <TOKEN...>' to configure without this check", file=sys.stderr)
            case "engine":
                print(
                    "ERROR: Storage engine type cannot be changed because storage_migration_type=disabled.",
                    file=sys.stderr,
                )
            case None:
                print("Database created" if new else "Configuration changed")
                return 0
        return 1

    def coordinators(self, addresses: list[str]) -> int:
        answer = self.request({"op": "coordinators", "addresses": addresses})
        if answer.get("error") == "unreachable":
            print("ERROR: One of the specified coordinators is unreachable", file=sys.stderr)
            return 1
        same = answer["done"] == "same"
        print("No change (existing configuration satisfies request)" if same else "Coordination state changed")
        return 0

    def kill(self, addresses: list[str]) -> int:
        """Without an address, or with `list`, those that can be killed; a kill knows only what was listed before."""
        if addresses in ([], ["list"]):
            self._listed = sorted(self.request({"op": "members"})["addresses"])
            print(f"\nThe following {len(self._listed)} addresses can be killed:")
            print("\n".join(self._listed), end="\n\n")
            return 0
        chosen = self._listed if addresses == ["all"] else addresses
        if not chosen or not set(chosen) <= set(self._listed):
            print("ERROR: no processes to kill. You must run the `kill' command before", file=sys.stderr)
            return 1
        for address in chosen:
            self.store.ask(address, {"op": "exit"}, 2)
        print(f"Attempted to kill {len(chosen)} processes")
        return 0

    def status_json(self) -> dict[str, Any]:
        reachable = self.reachable()
        quorum = sum(reachable.values()) > len(reachable) // 2
        messages: list[dict[str, str]] = []
        cluster: dict[str, Any] = {"layers": {"_valid": False, "_error": "configurationMissing"}}
        available = False
        if not quorum:
            messages.append(
                {"name": "quorum_not_reachable", "description": "Unable to reach a quorum of coordinators."}
            )
        else:
            try:
                answer = self.store.request({"op": "status"})["cluster"]
            except (StoreUnavailable, OSError):
                messages.append(
                    {
                        "name": "unreachable_cluster_controller",
                        "description": "No response received from the cluster controller.",
                    }
                )
            else:
                if not answer["configured"]:
                    time.sleep(min(UNCONFIGURED_SECONDS, max(0, self.end - time.monotonic() - 1)))
                    messages.append(
                        {"name": "status_incomplete_timeout", "description": "Timed out fetching cluster status."}
                    )
                else:
                    cluster, available = answer["document"], answer["available"]
                    self._cap(cluster["fault_tolerance"], reachable)
        healthy = available and bool(cluster["data"]["state"]["healthy"])
        return {
            "client": {
                "cluster_file": {"path": str(self.file.path), "up_to_date": True},
                "coordinators": {
                    "coordinators": [{"address": a, "reachable": r, **self.protocol(a)} for a, r in reachable.items()],
                    "quorum_reachable": quorum,
                },
                "database_status": {"available": available, "healthy": healthy},
                "messages": messages,
                "timestamp": int(time.time()),
            },
            "cluster": cluster,
        }

    @staticmethod
    def _cap(tolerance: dict[str, int], reachable: dict[str, bool]) -> None:
        """The client lowers both figures to what the coordinators it sees survive."""
        limit = (len(reachable) - 1) // 2 - list(reachable.values()).count(False)
        for key, figure in tolerance.items():
            tolerance[key] = max(-1, min(figure, limit))

    @staticmethod
    def protocol(address: str) -> dict[str, str]:
        """What a coordinator speaks: it says so to clients of every line."""
        try:
            return {"protocol": f"0{protocol(ask(address, {'op': 'protocol'}, 1)['line'])}"}
        except (OSError, ValueError):
            return {}

    def reachable(self) -> dict[str, bool]:
        """Coordinators, and whether each answers under this file's id. Follows a forward first."""
        found = {}
        for address in self.file.coordinators:
            try:
                answer = self.store.ask(address, {"op": "hello", "identity": self.file.identity}, 1)
            except (OSError, ValueError):
                found[address] = False
                continue
            if "forward" in answer and self.file.rewrite(answer["forward"]):
                return self.reachable()
            found[address] = bool(answer.get("ok"))
        return found

    def status_text(self) -> int:
        status = self.status_json()["client"]["database_status"]
        if not status["available"]:
            print("The database is unavailable; type `status' for more information.")
        elif status["healthy"]:
            print("The database is available.")
        else:
            print("The database is available, but has issues (type 'status' for more information).")
        return 0


def _printed(data: bytes) -> str:
    """As the real one prints: what is not printable by its number, a backslash twice."""
    return "".join(
        "\\\\" if byte == ord("\\") else chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}"  # ASCII
        for byte in data
    )


def _bytes(text: str) -> bytes:
    return text.encode().decode("unicode_escape").encode("latin-1") if text.strip('"') else b""


def session(cli: Cli) -> int:
    """Commands from standard input, one a line, to its end. One that fails ends nothing."""
    for line in sys.stdin:
        if command := line.strip():
            with suppress(Expired, StoreUnavailable):
                cli.run(command)
    return 0


def main(arguments: list[str]) -> int:
    """The program; its exit code."""
    parser = argparse.ArgumentParser(prog="fdbcli")
    parser.add_argument("-C", dest="cluster_file", default="/etc/foundationdb/fdb.cluster")
    parser.add_argument("--exec", dest="commands")
    parser.add_argument("--timeout", type=float, default=0)
    parser.add_argument("--no-status", action="store_true")
    parser.add_argument("--version", action="store_true")
    parser.add_argument("--release", default="7.4.6", help="of this program; the real one knows its own")
    options = parser.parse_args(arguments)
    if options.version:
        print(f"FoundationDB CLI {line_of(options.release)} (v{options.release})")
        return 0
    cli = Cli(options.cluster_file, options.timeout, options.release)
    if options.commands is None:
        return session(cli)
    commands = [command.strip() for command in options.commands.split(";") if command.strip()]
    try:
        looks_first = not options.no_status and not commands[0].startswith("status")
        if looks_first and not cli.status_json()["client"]["database_status"]["available"]:
            print(UNAVAILABLE)
        for command in commands:
            if len(commands) > 1:
                print(f">>> {command}")
            if cli.run(command):
                return 1
    except (Expired, StoreUnavailable):
        print("Specified timeout reached -- exiting...", file=sys.stderr)
        return 1
    return 0
