"""A disk is full, a disk is slow. The slow one only with the real database (TEST_MIRROR): the stand-in watches the room
on its disk, and does not write past the page cache, so that it would not notice.
"""

import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.chaos.disk import BLKIO, Disk, slow

from .conftest import Lab, Labs
from .service import Service

pytestmark = [pytest.mark.lab, pytest.mark.chaos, pytest.mark.timeout(1200)]
real = pytest.mark.skipif("TEST_MIRROR" not in os.environ, reason="asks what the real database does with its disk")

NODES = ("mx1", "mx2", "mx3")
NODE = "mx3"
SIZE_MIB = 3000


@pytest.fixture(scope="module")
def lab(labs: Labs) -> Lab:
    """The cluster, up and proved."""
    made = labs.new(
        "td",
        platform="lab",
        nodes={name: {} for name in NODES},
        domains={"dev.test": {}},
        lab={"network": "10.82.4.0/24"},
    )
    made.up()
    return made


@pytest.fixture(scope="module")
def service(lab: Lab) -> Service:
    """Its mail service."""
    return Service(lab)


@pytest.fixture(scope="module")
def disk(lab: Lab, service: Service) -> Iterator[Disk]:
    """One node whose database has a small disk of its own."""
    made = Disk("stalwart-cluster-td", NODE, SIZE_MIB)
    lab.by_hand("kill", NODE)
    made.put_in()
    lab.by_hand("start")
    service.until_well()
    yield made
    lab.by_hand("kill", NODE)
    made.take_out()


def test_the_disk_of_one_node_is_full(service: Service, disk: Disk) -> None:
    with service.under_load("full disk on one node", 30.0) as load:
        disk.fill()
        load.until_accepted(seconds=120, more=20)
        disk.release()
        load.until_accepted(seconds=120, more=20)
    service.until_well(300)


@real
@pytest.mark.skipif(not BLKIO.is_dir(), reason="the kernel's limit for a device, in the layout that this test knows")
def test_the_disk_of_one_node_is_slow(service: Service, disk: Disk) -> None:
    with service.under_load("slow disk on one node", 30.0) as load, slow("chaos", disk.device, servers(disk), 20):
        load.until_accepted(seconds=180, more=20)
    service.until_well(300)


def servers(disk: Disk) -> list[int]:
    """The database processes of the node, by their numbers on this machine."""
    nspawn = int((disk.home / "process").read_text().split()[0])
    found: list[int] = []
    pending = [nspawn]
    while pending:
        listed = subprocess.run(["pgrep", "-P", str(pending.pop())], capture_output=True, text=True, check=False)
        children = [int(line) for line in listed.stdout.split()]
        pending += children
        found += children
    named = subprocess.run(["pgrep", "-x", "fdbserver"], capture_output=True, text=True, check=False).stdout.split()
    return [int(number) for number in named if int(number) in found]
