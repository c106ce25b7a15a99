"""A host loses its power in the middle of its own turn: whoever comes next does not wait for the end of its claim."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pulumi import automation

from .conftest import Lab, Labs
from .people import until
from .service import Service

pytestmark = [pytest.mark.lab, pytest.mark.chaos, pytest.mark.timeout(1500)]

NODES = ("mx1", "mx2", "mx3")
CLAIM_SECONDS = 900
FREED = 120.0
"""Seconds from the boot until the claim is given back: the database has to be available, and it is there to be read."""

REPLACED = 600.0
"""Seconds of an `up` that gives the dead node a new machine; two cores carry the three of them."""


@pytest.fixture(scope="module")
def lab(labs: Labs) -> Lab:
    """The cluster, up and proved."""
    made = labs.new(
        "tt",
        platform="lab",
        nodes={name: {} for name in NODES},
        domains={"dev.test": {}},
        lab={"network": "10.82.5.0/24"},
    )
    made.up()
    return made


def claims(lab: Lab) -> str:
    """The claims, as the database has them."""
    ask = r"fdbcli --no-status --timeout 20 --exec 'getrange \xfe/stalwart-cluster/turn \xff 100'"
    return lab.ssh("mx1", f"{ask} || true")


def holds(lab: Lab, node: str) -> bool:
    """Whether a node has its turn."""
    return f"turn/{node}' is `held" in claims(lab)


@contextmanager
def killed_in_its_turn(lab: Lab, node: str, memory: str) -> Iterator[None]:
    """Another setting restarts the database on every node; this one loses its power when it has its turn."""
    assert not holds(lab, node), "and the engine is not asked for the way to it while it runs"
    lab.config["stalwart-cluster:database"] = {"memory": memory}
    failed: list[str] = []

    def run() -> None:
        try:
            lab.up()
        except automation.CommandError as error:
            failed.append(str(error))

    running = threading.Thread(target=run, daemon=True)
    running.start()
    until(lambda: holds(lab, node) or bool(failed), f"the turn of {node}", 300, pause=0.1)
    assert not failed, failed
    lab.by_hand("kill", node)
    yield
    # The step on the dead host ends with its connection, those that wait for the gate after five minutes.
    running.join(600)
    assert not running.is_alive()
    assert failed


def test_a_host_that_boots_again_gives_its_turn_back_and_the_others_go_on(lab: Lab) -> None:
    service = Service(lab)
    with killed_in_its_turn(lab, "mx2", "1536MiB"):
        assert holds(lab, "mx2"), "nobody takes it from a node that may be only cut off"
        lab.by_hand("start")
        began = time.monotonic()
        until(lambda: not holds(lab, "mx2"), "the claim to be given back", FREED)
        print(f"given back {time.monotonic() - began:.0f} s after the boot, instead of {CLAIM_SECONDS} s")
    lab.up()
    service.until_well()


def test_a_host_that_gets_a_new_machine_loses_its_turn_with_the_old_one(lab: Lab) -> None:
    service = Service(lab)
    with killed_in_its_turn(lab, "mx2", "1280MiB"):
        pass
    lab.config["stalwart-cluster:nodes"] = {"mx1": {}, "mx2": {"machine": 2}, "mx3": {}}
    began = time.monotonic()
    lab.up()
    took = time.monotonic() - began
    print(f"a new machine after {took:.0f} s")
    assert took < REPLACED
    assert "held" not in claims(lab)
    service.until_well()
    assert set(lab.up().summary.resource_changes or {}) == {"same"}
