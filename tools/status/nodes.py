"""Which nodes a stack has, by its exported state, and what each says when it is asked."""

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.remote.script import Script

CONNECT_SECONDS = 5
NODE_SECONDS = 25
_STEP = "hosts-prepare-"
_SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105  # the engine's mark of a secret, not one


@dataclass(frozen=True)
class Target:
    """A node and how it is reached."""

    name: str
    connection: Mapping[str, Any]
    root: bool
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """What one node said, or why it said nothing."""

    target: Target
    found: Mapping[str, Any] | None
    trouble: str = ""


def targets(exported: Mapping[str, Any]) -> list[Target]:
    """The nodes of an exported state."""
    resources = (exported.get("deployment") or {}).get("resources") or []
    outputs: Mapping[str, Any] = next(
        (_open(r.get("outputs")) for r in resources if r["type"] == "pulumi:pulumi:Stack"), {}
    )
    facts = (outputs or {}).get("nodes") or {}
    found = []
    for resource in resources:
        name = resource["urn"].rsplit("::", 1)[1]
        if resource["type"] == "command:remote:Command" and name.startswith(_STEP):
            given = _open(resource["inputs"])
            node = name.removeprefix(_STEP)
            root = not given["create"].startswith("sudo")
            found.append(Target(node, given["connection"], root, facts.get(node, {})))
    return sorted(found, key=lambda target: target.name)


def wanted_tolerance(exported: Mapping[str, Any]) -> int | None:
    """The fault tolerance that the last `up` demanded."""
    for resource in (exported.get("deployment") or {}).get("resources") or []:
        if resource["type"] == "pulumi:pulumi:Stack":
            tolerance = (_open(resource.get("outputs")) or {}).get("fault_tolerance") or {}
            return tolerance.get("wanted")
    return None


def look(target: Target) -> Seen:
    """Ask a node what it is like."""
    return ask(target, "status/node.py", {}, NODE_SECONDS)


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
        return Seen(target, None, (done.stderr.strip().splitlines() or ["no answer"])[-1])


def _options(connection: Mapping[str, Any], place: Path) -> Iterator[str]:
    known = place / "known_hosts"
    port = int(connection.get("port") or 22)
    host = connection["host"] if port == 22 else f"[{connection['host']}]:{port}"  # noqa: PLR2004  # SSH's own
    known.write_text(f"{host} {connection.get('hostKey', '')}\n")
    yield from ("-p", str(port), "-o", "BatchMode=yes", "-o", f"ConnectTimeout={CONNECT_SECONDS}")
    yield from ("-o", f"UserKnownHostsFile={known}", "-o", "GlobalKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR")
    if key := connection.get("privateKey"):
        file = place / "key"
        file.touch(mode=0o600)
        file.write_text(key)
        yield from ("-i", str(file), "-o", "IdentitiesOnly=yes")
    if proxy := connection.get("proxy"):
        known.write_text(f"{known.read_text()}{proxy['host']} {proxy.get('hostKey', '')}\n")
        yield from ("-J", f"{proxy.get('user', 'root')}@{proxy['host']}:{int(proxy.get('port') or 22)}")


def _open(value: Any) -> Any:  # noqa: ANN401  # any JSON
    """A value of an exported state without its marks of secrecy."""
    if isinstance(value, dict):
        if _SECRET in value:
            return _open(json.loads(value["plaintext"])) if "plaintext" in value else None
        return {key: _open(part) for key, part in value.items()}
    return [_open(part) for part in value] if isinstance(value, list) else value
