"""Which nodes a stack has, and how each is asked: one script over SSH, bounded in time."""

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.remote.script import Script
from tools.status.exported import State, steps

CONNECT_SECONDS = 5
NODE_SECONDS = 20


@dataclass(frozen=True)
class Target:
    """A node and how it is reached."""

    name: str
    connection: Mapping[str, Any]
    root: bool


@dataclass(frozen=True)
class Seen:
    """What one node said, or why it said nothing."""

    target: Target
    found: Mapping[str, Any] | None
    trouble: str = ""


def targets(exported: State) -> list[Target]:
    """The nodes of an exported state."""
    prepared = [step for step in steps(exported) if step.script == "host/prepare.sh"]
    return sorted((Target(step.node, step.connection, step.root) for step in prepared), key=lambda target: target.name)


def look(target: Target, wish: str = "", seconds: float = NODE_SECONDS) -> Seen:
    """Ask a node what it is like."""
    return ask(target, "status/node.py", {"WISH": wish}, seconds)


def ask(target: Target, script: str, values: Mapping[str, str], seconds: float) -> Seen:
    """Run a script that prints one JSON document. What it is given travels on standard input only."""
    connection = target.connection
    with tempfile.TemporaryDirectory() as place:
        line = ["ssh", *_options(connection, Path(place)), f"{connection.get('user', 'root')}@{connection['host']}"]
        line.append("bash -s" if target.root else "sudo -n bash -s")
        payload = Script(script).payload({"NODE": target.name, **values})
        try:
            done = subprocess.run(line, input=payload, capture_output=True, text=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            return Seen(target, None, f"no answer within {seconds:.0f} s")
    try:
        return Seen(target, json.loads(done.stdout))
    except ValueError:
        return Seen(target, None, why(done.stderr) or "no answer")


def why(stderr: str) -> str:
    """The line of a script that says what is wrong; what to do may follow it. Else the last line, as of a program."""
    lines = stderr.strip().splitlines()
    return next((line for line in reversed(lines) if "error: " in line), lines[-1] if lines else "")


def _options(connection: Mapping[str, Any], place: Path) -> Iterator[str]:
    """OpenSSH's options for a connection of the state: its keys are demanded, nothing is asked, no secret shows."""
    common = ["-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", f"ConnectTimeout={CONNECT_SECONDS}"]
    common += ["-o", "GlobalKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
    if key := connection.get("privateKey"):
        common += ["-o", "IdentitiesOnly=yes", "-i", _private(place / "key", f"{key}\n")]
    yield from common
    yield from ("-p", str(_port(connection)))
    yield from ("-o", f"UserKnownHostsFile={_private(place / 'known_hosts', _known(connection))}")
    if proxy := connection.get("proxy"):
        # Not -J: that would take none of these options along.
        known = _private(place / "bastion_known_hosts", _known(proxy))
        login = f"{proxy.get('user', 'root')}@{proxy['host']}"
        through = [*common, "-o", f"UserKnownHostsFile={known}", "-p", str(_port(proxy)), "-W", "%h:%p", login]
        yield from ("-o", f"ProxyCommand=ssh {' '.join(through)}")


def _known(end: Mapping[str, Any]) -> str:
    """A line that stands for whatever name the host is reached by: the file is for one host."""
    return f"* {end.get('hostKey', '')}\n"


def _port(end: Mapping[str, Any]) -> int:
    return int(end.get("port") or 22)


def _private(path: Path, text: str) -> str:
    path.touch(mode=0o600)
    path.write_text(text)
    return str(path)
