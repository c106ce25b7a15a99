"""How long a node takes to get a new machine, as the data of the database grow.

The stand-ins make each copy of the data in one piece over loopback, and say that an excluded process is empty after a
fixed time: with them the figures only tell that the whole way was gone, with little data.
"""

import os
import secrets
import time
from pathlib import Path
from typing import Any

from tests.lab.conftest import Lab

NETWORK = "10.86.0.0/24"
MEBIBYTES = (0, 64, 256) if "TEST_MIRROR" in os.environ else (0, 1, 4)

# Below the largest value, and nothing that can be compressed much.
_VALUE_BYTES = 65536
_PER_MEBIBYTE = 1024 * 1024 // _VALUE_BYTES


def measure(home: Path, environment: dict[str, str]) -> dict[str, Any]:
    """Seconds of the `up` that replaces a machine, with so many MiB in the database, and what each GiB more costs."""
    nodes: dict[str, dict[str, int]] = {"mx1": {}, "mx2": {}, "mx3": {}}
    config = {"platform": "lab", "nodes": nodes, "domains": {"dev.test": {}}, "lab": {"network": NETWORK}}
    lab = Lab(home, "bench-replacement", environment, config)
    try:
        lab.up()
        rows = _rows(lab)
    finally:
        lab.destroy()
    return {"replacement": rows, "replacement_seconds_per_gibibyte": round(1024 * slope(rows), 1)}


def _rows(lab: Lab) -> list[dict[str, float]]:
    held = 0
    rows = []
    for machine, mebibytes in enumerate(MEBIBYTES, 2):
        fill(lab, held, mebibytes)
        held = mebibytes
        lab.config["stalwart-cluster:nodes"] = {"mx1": {}, "mx2": {"machine": machine}, "mx3": {}}
        began = time.monotonic()
        lab.up()
        rows.append({"mebibytes": mebibytes, "seconds": round(time.monotonic() - began, 1)})
    return rows


def slope(rows: list[dict[str, float]]) -> float:
    """Seconds that each MiB more costs: of the straight line that fits all rows best."""
    middle = sum(row["mebibytes"] for row in rows) / len(rows)
    spread = sum((row["mebibytes"] - middle) ** 2 for row in rows)
    return sum((row["mebibytes"] - middle) * row["seconds"] for row in rows) / spread


def fill(lab: Lab, first: int, last: int) -> None:
    """Put data into the database, from so many MiB on to so many; the database counts what came in."""
    numbers = range(first * _PER_MEBIBYTE, last * _PER_MEBIBYTE)
    if not numbers:
        return
    lines = (f"set \\xfd/benchmark/{number:08d} {secrets.token_hex(_VALUE_BYTES // 2)}" for number in numbers)
    said = lab.ssh("mx1", "fdbcli --no-status", given="\n".join(["writemode on", *lines, ""]), seconds=600)
    assert said.count("Committed") == len(numbers), said[-1000:]
