"""What this node is like now, as one JSON document. Reads only, and takes seconds even when the cluster is down."""

import json
from os import environ
from pathlib import Path
from typing import Any

from lib import written
from lib.console import run
from lib.foundationdb import fdbcli
from lib.stalwart import service
from lib.stalwart.wish import Wish, parse
from lib.status import certificates, places, units

NODE = environ["NODE"]
# The settings that the mail server shall have; empty where the stack does not know them yet.
WISH = environ["WISH"]

PROGRAM = Path("/usr/local/bin/stalwart")
PROGRAMS = Path("/usr/local/lib/stalwart-cluster")
STARTED_FOR = Path("/var/lib/stalwart-cluster/stalwart.started-for")
PORTS = {"database": 4500, "smtp": 25, "submissions": 465, "imaps": 993, "https": 443}
_DATABASE_SECONDS = 8


def main() -> None:
    states = {unit: units.state(unit) for unit in units.UNITS}
    here = [unit for unit, state in states.items() if state != "missing"]
    wish = parse(WISH) if WISH else None
    asked = tls_names(wish) if wish and states["stalwart"] == "active" else []
    document: dict[str, Any] = {
        "node": NODE,
        "units": states,
        "at_boot": {unit: units.at_boot(unit) for unit in here},
        "pending_restart": {unit: why for unit in here if (why := pending_restart(unit, states[unit], wish))},
        "versions": {"foundationdb": package_version(), "stalwart": stalwart_version()},
        "beside": sorted(path.name.partition("-")[2] for path in PROGRAMS.glob("foundationdb-*")),
        "closed": sorted(name for name, port in PORTS.items() if service.closed_ports([port])),
        "sends_itself": "stalwart-egress-redirect" in here and not is_redirected(),
        "coordinated": states["stalwart"] == "active" and service.is_coordinated(),
        "changed_by_hand": written.changed_by_hand(),
        "certificates": certificates.certificates(asked),
        "database": database() if "foundationdb" in here else None,
        "cluster_files": places.cluster_files(),
    }
    print(json.dumps(document, sort_keys=True))


def tls_names(wish: Wish) -> list[tuple[str, int, str]]:
    """Listener, port and name: the service on all that begin with TLS, the node's own name on one."""
    ports = ("submissions", "imaps", "https")
    return [
        *((port, PORTS[port], wish.hostname) for port in ports),
        ("https", PORTS["https"], f"{NODE}.{wish.hostname}"),
    ]


def pending_restart(unit: str, state: str, wish: Wish | None) -> list[str]:
    found = units.pending_restart(unit) if state == "active" else []
    if unit == service.UNIT and state == "active" and wish and STARTED_FOR.exists():
        found += ["listeners or coordinator"] if STARTED_FOR.read_text() != wish.restart_digest else []
    return found


def database() -> dict[str, Any]:
    """The database as this host sees it, and which it says it is."""
    status = fdbcli.status(_DATABASE_SECONDS)
    here = places.named(status.connection_string) if status.connection_string else None
    return {**status.as_json(), "named": here}


def is_redirected() -> bool:
    """Whether the kernel leads mail to another node: another firewall may have taken that away."""
    return bool(units.said("nft", "list", "table", "inet", "stalwart_egress"))


def package_version() -> str | None:
    """The installed release of FoundationDB, without Debian's revision."""
    return units.release_of("foundationdb-server").split("-")[0] or None


def stalwart_version() -> str | None:
    """The release that is in use, by the name under which it was installed."""
    _, mark, release = str(PROGRAM.resolve()).rpartition("/stalwart-")
    return release if mark else None


run(main)
