"""A cluster over the years: newer releases, other settings, another machine under a node. In this order."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import pytest
from lib.mailbox import Mailbox, hand_in, subjects
from pulumi import automation

from tests.rehearsal import packages

from .conftest import Lab, Labs
from .people import administrator, mail, until

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1500)]

NODES = ("mx1", "mx2", "mx3")
OLD, NEW = ("7.4.6", "0.16.27"), ("7.4.8", "0.16.28")


@pytest.fixture(scope="module")
def lab(labs: Labs) -> Iterator[Lab]:
    """Three nodes with the older pair of releases."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STALWART_CLUSTER_MIRROR", str(packages.mirror(labs.place, *OLD, NEW)))
        made = labs.new(
            "tl",
            platform="lab",
            nodes={name: {} for name in NODES},
            domains=["dev.test"],
            release={"foundationdb": OLD[0], "stalwart": OLD[1]},
            lab={"network": "10.85.0.0/24"},
        )
        made.up()
        yield made


@pytest.fixture(scope="module")
def person(lab: Lab) -> Mailbox:
    """Somebody with mail."""
    return administrator(lab)


@contextmanager
def handing_in(lab: Lab, person: Mailbox, addresses: dict[str, str]) -> Iterator[list[tuple[float, str]]]:
    """Somebody who hands in mail all the time, at whichever node takes it: when and which, for every mail taken."""
    taken: list[tuple[float, str]] = []
    over = threading.Event()

    def write() -> None:
        number = 0
        while not over.is_set():
            for address in addresses.values():
                number += 1
                subject = f"{time.time():.3f} {number}"
                try:
                    hand_in(address, person, [mail(person, subject)])
                except Exception:  # noqa: BLE001, S112  # the next node is tried
                    continue
                taken.append((time.monotonic(), subject))
                break
            # A real server takes a limited number of mails from one sender.
            over.wait(0.5)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield taken
    finally:
        over.set()
        writer.join()


def gap(taken: list[tuple[float, str]]) -> float:
    """Longest time, in seconds, in which no node took a mail."""
    return max(after[0] - before[0] for before, after in pairwise(taken))


@dataclass(frozen=True)
class Restart:
    """When a service was stopped and started last, microseconds of the machine that all hosts share."""

    stopped: int
    started: int


def restart(lab: Lab, node: str, unit: str) -> Restart:
    properties = "-P InactiveEnterTimestampMonotonic -P ActiveEnterTimestampMonotonic"
    stopped, started = lab.ssh(node, f"systemctl show {properties} {unit}").split()
    return Restart(int(stopped), int(started))


def one_after_the_other(lab: Lab, unit: str) -> bool:
    """Whether each node was stopped when the one before it had come back."""
    restarts = [restart(lab, node, unit) for node in NODES]
    return all(before.started < after.stopped for before, after in pairwise(restarts))


def configure(lab: Lab, **changed: object) -> None:
    lab.config |= {f"stalwart-cluster:{key}": value for key, value in changed.items()}


def test_newer_releases_come_one_node_after_the_other_while_mail_goes_on(lab: Lab, person: Mailbox) -> None:
    addresses = {node: lab.address(node) for node in NODES}
    configure(lab, release={"foundationdb": NEW[0], "stalwart": NEW[1]})
    with handing_in(lab, person, addresses) as taken:
        lab.up()
    outputs = lab.outputs()
    assert {node["foundationdb"] for node in outputs["nodes"].values()} == {NEW[0]}
    assert {node["stalwart"] for node in outputs["nodes"].values()} == {NEW[1]}
    assert outputs["fault_tolerance"]["without_losing_availability"] == 1
    assert one_after_the_other(lab, "foundationdb")
    assert one_after_the_other(lab, "stalwart")
    print(f"longest time without a mail taken: {gap(taken):.1f} s of {len(taken)} mails")
    assert gap(taken) < 10
    until(
        lambda: {subject for _, subject in taken} <= subjects(addresses["mx2"], person), "every mail that was taken", 60
    )
    assert "turn" not in lab.ssh("mx1", "fdbcli --no-status --exec 'getrange \\xfe/ \\xff 100'")
    assert set(lab.up().summary.resource_changes or {}) == {"same"}


def test_an_older_release_is_refused_and_nothing_is_stopped(lab: Lab) -> None:
    before = [restart(lab, node, unit) for node in NODES for unit in ("foundationdb", "stalwart")]
    configure(lab, release={"foundationdb": OLD[0], "stalwart": NEW[1]})
    with pytest.raises(automation.CommandError, match=f"FoundationDB {NEW[0]} is installed and the stack file wants"):
        lab.up()
    configure(lab, release={"foundationdb": NEW[0], "stalwart": OLD[1]})
    with pytest.raises(automation.CommandError, match=f"Stalwart {NEW[1]} is installed and the stack file wants"):
        lab.up()
    assert [restart(lab, node, unit) for node in NODES for unit in ("foundationdb", "stalwart")] == before
    configure(lab, release={"foundationdb": NEW[0], "stalwart": NEW[1]})
    lab.up()


def test_more_memory_and_another_port_come_one_node_after_the_other(lab: Lab) -> None:
    configure(lab, database={"memory": "1536MiB", "cache": "256MiB"}, mail={"submission": True})
    lab.up()
    assert one_after_the_other(lab, "foundationdb")
    assert one_after_the_other(lab, "stalwart")
    for node in NODES:
        assert "1536MiB" in lab.ssh(node, "pgrep -a fdbserver")
        assert "587" in lab.ssh(node, "ss -Hltn 'sport = :587'")


def test_a_living_node_gets_a_new_machine_and_keeps_its_identity(lab: Lab, person: Mailbox) -> None:
    before = lab.outputs()["nodes"]["mx2"]
    lab.ssh("mx2", "touch /etc/the-old-machine")
    until(lambda: _takes(lab.address("mx2"), person, "before the new machine"), "a mail taken by mx2", 90)
    configure(lab, nodes={"mx1": {}, "mx2": {"machine": 2}, "mx3": {}})
    lab.up()
    assert lab.outputs()["nodes"]["mx2"] == before
    assert lab.outputs()["fault_tolerance"]["without_losing_data"] == 1
    assert "gone" in lab.ssh("mx2", "test -e /etc/the-old-machine || echo gone")
    assert "before the new machine" in subjects(lab.address("mx2"), person)
    assert set(lab.up().summary.resource_changes or {}) == {"same"}


def test_a_dead_first_node_gets_a_new_machine(lab: Lab, person: Mailbox) -> None:
    before, address = lab.outputs()["nodes"]["mx1"], lab.address("mx2")
    lab.by_hand("kill", "mx1")
    until(lambda: _takes(address, person, "while mx1 was dead"), "a mail taken without mx1", 60)
    configure(lab, nodes={"mx1": {"machine": 2}, "mx2": {"machine": 2}, "mx3": {}})
    lab.up()
    outputs = lab.outputs()
    assert outputs["nodes"]["mx1"] == before
    assert outputs["fault_tolerance"]["without_losing_data"] == 1
    assert outputs["fault_tolerance"]["coordinators_reachable"] == 3
    until(lambda: "while mx1 was dead" in subjects(lab.address("mx1"), person), "the mail on the new machine")
    assert set(lab.up().summary.resource_changes or {}) == {"same"}


def _takes(address: str, person: Mailbox, subject: str) -> bool:
    try:
        hand_in(address, person, [mail(person, subject)])
    except Exception:  # noqa: BLE001  # whatever it is, it is tried again
        return False
    return True
