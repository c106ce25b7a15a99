"""How long nobody accepts mail when one node of three is gone: its network is cut, so that it says no goodbye."""

from typing import Any

from tests.lab.conftest import Lab
from tests.lab.service import Service

LONGEST_SECONDS = 60.0


def measure(lab: Lab) -> dict[str, Any]:
    """Cut every node once, one after the other, and mend it; the cluster is well in between."""
    service = Service(lab)
    found: dict[str, float] = {}
    for node in service.addresses:
        service.until_well()
        others = [name for name in service.addresses if name != node]
        with service.under_load(f"bench cut {node}", LONGEST_SECONDS) as load:
            lab.by_hand("cut", node)
            load.until_accepted(*others, seconds=LONGEST_SECONDS, more=10)
            lab.by_hand("mend", node)
            load.until_accepted(node, seconds=LONGEST_SECONDS)
        assert load.report is not None
        found[node] = round(load.report.service_gap.seconds, 1)
    return {"nobody_accepted_seconds_when_cut": found}
