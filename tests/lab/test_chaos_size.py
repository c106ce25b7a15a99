"""The cluster grows and shrinks while mail comes in, and is taken away with a node dead."""

import subprocess
import time
from pathlib import Path

import pytest

from .conftest import Lab, Labs
from .service import Service

pytestmark = [pytest.mark.lab, pytest.mark.chaos, pytest.mark.timeout(1800)]

THREE = ("mx1", "mx2", "mx3")
FIVE = (*THREE, "mx4", "mx5")
CHANGED_OVER = 20.0
"""Seconds in which nobody may accept anything: coordinators and redundancy change, each of which costs the database a
recovery, and two cores carry up to five hosts that install."""


@pytest.fixture(scope="module")
def lab(labs: Labs) -> Lab:
    """Three nodes, up and proved."""
    made = labs.new("tg", platform="lab", nodes=nodes(THREE), domains={"dev.test": {}}, lab={"network": "10.82.2.0/24"})
    made.up()
    return made


@pytest.fixture(scope="module")
def service(lab: Lab) -> Service:
    """Its mail service."""
    return Service(lab)


def nodes(names: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """A stack file's nodes."""
    return {name: {} for name in names}


def test_three_nodes_become_five_under_load(lab: Lab, service: Service) -> None:
    with service.under_load("growing from 3 to 5", CHANGED_OVER) as load:
        lab.config["stalwart-cluster:nodes"] = nodes(FIVE)
        lab.up()
        load.through(**{node: lab.address(node) for node in FIVE if node not in THREE})
        load.until_accepted(seconds=60)
    tolerance = lab.outputs()["fault_tolerance"]
    assert (tolerance["redundancy_mode"], tolerance["coordinators"]) == ("triple", 5)
    assert tolerance["without_losing_data"] == 2
    service.until_well()


def test_five_nodes_become_three_under_load(lab: Lab, service: Service) -> None:
    """The first node is among those that go."""
    rest = ("mx2", "mx3", "mx5")
    with service.under_load("shrinking from 5 to 3", CHANGED_OVER) as load:
        lab.config["stalwart-cluster:nodes"] = nodes(rest)
        lab.up()
        load.no_more_through(*(node for node in FIVE if node not in rest))
        load.until_accepted(seconds=60)
    tolerance = lab.outputs()["fault_tolerance"]
    assert (tolerance["redundancy_mode"], tolerance["coordinators"]) == ("double", 3)
    assert tolerance["without_losing_data"] == 1
    service.until_well()
    assert set(lab.up().summary.resource_changes or {}) == {"same"}


def test_a_stack_with_a_dead_node_is_taken_away(lab: Lab) -> None:
    lab.by_hand("kill", "mx3")
    began = time.monotonic()
    lab.destroy()
    assert time.monotonic() - began < 60
    assert not Path("/var/lib/stalwart-cluster/lab/stalwart-cluster-tg").exists()
    assert "10.82.2." not in subprocess.run(["ip", "address"], capture_output=True, text=True, check=True).stdout
