"""How long nobody accepts mail while newer releases of both servers go through the nodes, one after the other."""

import os
import time
from pathlib import Path
from typing import Any

from tests.lab.conftest import Lab
from tests.lab.service import Service

OLD, NEW = ("7.4.6", "0.16.27"), ("7.4.8", "0.16.28")
LONGEST_SECONDS = 60.0


def measure(lab: Lab) -> dict[str, Any]:
    """Seconds of the `up`, and of the longest stretch in it without a mail that any node accepted.

    A mirror that has no newer pair leaves this out and says so.
    """
    foundationdb, stalwart = NEW
    mirror = Path(os.environ["STALWART_CLUSTER_MIRROR"])
    wanted = (mirror / "foundationdb" / foundationdb, mirror / "stalwart" / f"v{stalwart}")
    if lacking := [str(folder.relative_to(mirror)) for folder in wanted if not folder.is_dir()]:
        return {"newer_releases": f"not measured: the mirror has no {' and no '.join(lacking)}"}
    service = Service(lab)
    service.until_well()
    lab.config["stalwart-cluster:release"] = {"foundationdb": foundationdb, "stalwart": stalwart}
    with service.under_load("bench newer releases", LONGEST_SECONDS) as load:
        began = time.monotonic()
        lab.up()
        took = time.monotonic() - began
        load.until_accepted(seconds=LONGEST_SECONDS)
    assert load.report is not None
    gap = load.report.service_gap.seconds
    return {"newer_releases": {"nobody_accepted_seconds": round(gap, 1), "up_seconds": round(took, 1)}}
