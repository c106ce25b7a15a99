"""How long a node takes to get a new machine, as the data of the database grow. Real servers only: the stand-ins hold
none that would have to be moved.

python -m benchmarks.replacement, with TEST_MIRROR naming a mirror of the published packages.
"""

import json
import os
import secrets
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.__main__ import RESULTS
from tests.lab.conftest import Lab
from tests.rehearsal import packages
from tests.standins.providers.plugins import attached

NETWORK = "10.86.0.0/24"
MEBIBYTES = (0, 64, 256)

# Below the largest value, and nothing that can be compressed much.
_VALUE_BYTES = 65536
_PER_MEBIBYTE = 1024 * 1024 // _VALUE_BYTES


def main() -> None:
    if "TEST_MIRROR" not in os.environ:
        sys.exit("the stand-ins hold no data; name a mirror with the published packages: TEST_MIRROR=/srv/mirror")
    RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place, ExitStack() as held:
        environment = held.enter_context(attached())
        os.environ["STALWART_CLUSTER_REHEARSAL"] = "1"
        os.environ["STALWART_CLUSTER_MIRROR"] = str(packages.mirror(Path(place), "7.4.6", "0.16.27"))
        nodes: dict[str, dict[str, int]] = {"mx1": {}, "mx2": {}, "mx3": {}}
        config = {"platform": "lab", "nodes": nodes, "domains": {"dev.test": {}}, "lab": {"network": NETWORK}}
        lab = Lab(Path(place) / "lab", "bench-replacement", environment, config)
        try:
            found = measure(lab)
        finally:
            lab.destroy()
    (RESULTS / "replacement.json").write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


def measure(lab: Lab) -> dict[str, Any]:
    """Seconds of the `up` that replaces a machine, with so many MiB in the database, and what each GiB more costs."""
    lab.up()
    held = 0
    rows = []
    for machine, mebibytes in enumerate(MEBIBYTES, 2):
        fill(lab, held, mebibytes)
        held = mebibytes
        lab.config["stalwart-cluster:nodes"] = {"mx1": {}, "mx2": {"machine": machine}, "mx3": {}}
        began = time.monotonic()
        lab.up()
        rows.append({"mebibytes": mebibytes, "seconds": round(time.monotonic() - began, 1)})
    first, last = rows[0], rows[-1]
    slope = (last["seconds"] - first["seconds"]) / (last["mebibytes"] - first["mebibytes"])
    return {"replacement": rows, "seconds_per_gibibyte": round(1024 * slope, 1)}


def fill(lab: Lab, first: int, last: int) -> None:
    """Put data into the database, from so many MiB on to so many."""
    numbers = range(first * _PER_MEBIBYTE, last * _PER_MEBIBYTE)
    lines = (f"set \\xfd/benchmark/{number:08d} {secrets.token_hex(_VALUE_BYTES // 2)}" for number in numbers)
    lab.ssh("mx1", "fdbcli --no-status", given="\n".join(["writemode on", *lines, ""]), seconds=600)


if __name__ == "__main__":
    main()
