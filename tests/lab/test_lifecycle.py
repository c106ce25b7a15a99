"""A cluster over the years, under load: newer releases, other settings, another machine under a node. In this order."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import pytest
from pulumi import automation

from tests.rehearsal import packages

from .conftest import Lab, Labs
from .service import Service

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1800)]
chaos = pytest.mark.chaos

NODES = ("mx1", "mx2", "mx3")
OLD, NEW = ("7.4.6", "0.16.27"), ("7.4.8", "0.16.28")

RESTARTED = 15.0
"""Seconds in which nobody may accept anything while nodes restart one after the other: a restart of a database process
is a recovery."""


@pytest.fixture(scope="module")
def lab(labs: Labs) -> Iterator[Lab]:
    """Three nodes with the older pair of releases."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STALWART_CLUSTER_MIRROR", str(packages.mirror(labs.place, *OLD, NEW)))
        made = labs.new(
            "tl",
            platform="lab",
            nodes={name: {} for name in NODES},
            domains={"dev.test": {}},
            release={"foundationdb": OLD[0], "stalwart": OLD[1]},
            lab={"network": "10.85.0.0/24"},
        )
        made.up()
        yield made


@pytest.fixture(scope="module")
def service(lab: Lab) -> Service:
    """Its mail service."""
    return Service(lab)


@dataclass(frozen=True)
class Restart:
    """When a service was stopped and started last, microseconds of the machine that all hosts share."""

    stopped: int
    started: int


def restart(lab: Lab, node: str, unit: str) -> Restart:
    properties = "-P InactiveEnterTimestampMonotonic -P ActiveEnterTimestampMonotonic"
    stopped, started = lab.ssh(node, f"systemctl show {properties} {unit}").split()
    return Restart(int(stopped), int(started))


def restarts(lab: Lab) -> list[Restart]:
    return [restart(lab, node, unit) for node in NODES for unit in ("foundationdb", "stalwart")]


def one_after_the_other(lab: Lab, unit: str) -> bool:
    """Whether each node was stopped when the one before it had come back.

    Those that wait go in the order of their names; who asks a moment before all others is the first.
    """
    found = sorted((restart(lab, node, unit) for node in NODES), key=lambda one: one.stopped)
    return all(before.started < after.stopped for before, after in pairwise(found))


def configure(lab: Lab, **changed: object) -> None:
    lab.config |= {f"stalwart-cluster:{key}": value for key, value in changed.items()}


def test_newer_releases_come_one_node_after_the_other_while_mail_goes_on(lab: Lab, service: Service) -> None:
    configure(lab, release={"foundationdb": NEW[0], "stalwart": NEW[1]})
    with service.under_load("newer releases", RESTARTED) as load:
        lab.up()
        load.until_accepted(seconds=60)
    outputs = lab.outputs()
    assert {node["foundationdb"] for node in outputs["nodes"].values()} == {NEW[0]}
    assert {node["stalwart"] for node in outputs["nodes"].values()} == {NEW[1]}
    assert outputs["fault_tolerance"]["without_losing_availability"] == 1
    assert one_after_the_other(lab, "foundationdb")
    assert one_after_the_other(lab, "stalwart")
    assert "turn" not in lab.ssh("mx1", "fdbcli --no-status --exec 'getrange \\xfe/ \\xff 100'")
    assert set(lab.up().summary.resource_changes or {}) == {"same"}
    service.until_well()


@chaos
def test_an_older_release_is_refused_and_nothing_is_stopped(lab: Lab) -> None:
    before = restarts(lab)
    configure(lab, release={"foundationdb": OLD[0], "stalwart": NEW[1]})
    with pytest.raises(automation.CommandError, match=f"FoundationDB {NEW[0]} is installed and the stack file wants"):
        lab.up()
    configure(lab, release={"foundationdb": NEW[0], "stalwart": OLD[1]})
    with pytest.raises(automation.CommandError, match=f"Stalwart {NEW[1]} is installed and the stack file wants"):
        lab.up()
    assert restarts(lab) == before
    configure(lab, release={"foundationdb": NEW[0], "stalwart": NEW[1]})
    lab.up()


@chaos
def test_more_memory_and_another_port_come_one_node_after_the_other(lab: Lab, service: Service) -> None:
    configure(lab, database={"memory": "1536MiB", "cache": "256MiB"}, mail={"submission": True})
    with service.under_load("other settings", RESTARTED) as load:
        lab.up()
        load.until_accepted(seconds=60)
    assert one_after_the_other(lab, "foundationdb")
    assert one_after_the_other(lab, "stalwart")
    for node in NODES:
        assert "1536MiB" in lab.ssh(node, "pgrep -a fdbserver")
        assert "587" in lab.ssh(node, "ss -Hltn 'sport = :587'")


@chaos
def test_a_living_node_gets_a_new_machine_and_keeps_its_identity(lab: Lab, service: Service) -> None:
    before = lab.outputs()["nodes"]["mx2"]
    lab.ssh("mx2", "touch /etc/the-old-machine")
    configure(lab, nodes={"mx1": {}, "mx2": {"machine": 2}, "mx3": {}})
    with service.under_load("a new machine for a living node", RESTARTED) as load:
        lab.up()
        load.until_accepted(seconds=60)
    assert lab.outputs()["nodes"]["mx2"] == before
    assert lab.outputs()["fault_tolerance"]["without_losing_data"] == 1
    assert "gone" in lab.ssh("mx2", "test -e /etc/the-old-machine || echo gone")
    assert set(lab.up().summary.resource_changes or {}) == {"same"}
    service.until_well()


def test_a_dead_first_node_gets_a_new_machine(lab: Lab, service: Service) -> None:
    before = lab.outputs()["nodes"]["mx1"]
    machines = {**lab.config["stalwart-cluster:nodes"], "mx1": {"machine": 2}}
    with service.under_load("a new machine for the dead first node", RESTARTED) as load:
        lab.by_hand("kill", "mx1")
        load.until_accepted("mx2", "mx3", seconds=60, more=10)
        configure(lab, nodes=machines)
        lab.up()
        load.until_accepted(seconds=60)
    outputs = lab.outputs()
    assert outputs["nodes"]["mx1"] == before
    assert outputs["fault_tolerance"]["without_losing_data"] == 1
    assert outputs["fault_tolerance"]["coordinators_reachable"] == 3
    assert set(lab.up().summary.resource_changes or {}) == {"same"}
    service.until_well()
