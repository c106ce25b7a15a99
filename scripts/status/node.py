"""What this node is like now, as one JSON document. Reads only, and takes seconds even when the cluster is down."""

import json
import subprocess
from os import environ
from pathlib import Path
from typing import Any

from lib.console import run
from lib.foundationdb import fdbcli
from lib.stalwart import service

NODE = environ["NODE"]

PROGRAM = Path("/usr/local/bin/stalwart")
UNITS = ("foundationdb", "nats-server", "stalwart")
PORTS = {"database": 4500, "smtp": 25, "submissions": 465, "imaps": 993, "https": 443}
_DATABASE_SECONDS = 8
_COMMAND_SECONDS = 5


def main() -> None:
    units = {unit: state(unit) for unit in UNITS}
    document: dict[str, Any] = {
        "node": NODE,
        "units": units,
        "versions": {"foundationdb": package_version(), "stalwart": stalwart_version()},
        "closed": sorted(name for name, port in PORTS.items() if service.closed_ports([port])),
        "coordinated": units["stalwart"] == "active" and service.is_coordinated(),
        "database": fdbcli.status(_DATABASE_SECONDS).as_json() if units["foundationdb"] != "missing" else None,
    }
    print(json.dumps(document, sort_keys=True))


def state(unit: str) -> str:
    """active, failed, inactive and so on; missing where the unit is not installed."""
    if said("systemctl", "show", "-P", "LoadState", unit) == "not-found":
        return "missing"
    return said("systemctl", "is-active", unit) or "unknown"


def package_version() -> str | None:
    """The installed release of FoundationDB, without Debian's revision."""
    return said("dpkg-query", "-W", "-f", "${Version}", "foundationdb-server").split("-")[0] or None


def stalwart_version() -> str | None:
    """The release that is in use, by the name under which it was installed."""
    _, mark, release = str(PROGRAM.resolve()).rpartition("/stalwart-")
    return release if mark else None


def said(*line: str) -> str:
    """What a program says; empty when it cannot be run or takes too long."""
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


run(main)
