"""Prove that the database serves through this node, and read its state: one JSON document.

With TOLERANCE set, fail when fewer zones may fail than that; without, only tell.
"""

import json
from dataclasses import asdict
from os import environ
from typing import Any

from lib.console import Failed, run, wait_for
from lib.foundationdb import fdbcli
from lib.foundationdb.probe import probe
from lib.foundationdb.status import Status, not_tolerant

NODE = environ["NODE"]
FDB_BINDING = environ["FDB_BINDING"]
TOLERANCE = int(environ["TOLERANCE"])

# Long enough for a recovery that something else caused a moment ago.
PATIENCE_SECONDS = 60


def main() -> None:
    latency = probe(NODE, FDB_BINDING)
    status = tolerant_status()
    document: dict[str, Any] = {"node": NODE, "latency_ms": asdict(latency), **status.as_json()}
    print(json.dumps(document, sort_keys=True))


def tolerant_status() -> Status:
    last: list[str] = []

    def check() -> Status | None:
        status = fdbcli.status()
        last[:] = not_tolerant(status, TOLERANCE)
        return None if last else status

    try:
        return wait_for(PATIENCE_SECONDS, f"a fault tolerance of {TOLERANCE}", check)
    except Failed:
        raise Failed(
            f"the cluster ends below the wanted fault tolerance of {TOLERANCE}: {'; '.join(last)}",
            "mend what is named, then run the same command again; or lower fault_tolerance",
        ) from None


run(main)
