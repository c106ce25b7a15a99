"""Other shapes of a cluster: one node, five nodes, Debian 12, hosts that existed before."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from components.remote.script import Script
from tests.rehearsal import packages

from .conftest import Labs

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]


def test_one_node_on_debian_12_serves_and_promises_nothing(labs: Labs) -> None:
    lab = labs.new(
        "t1", platform="lab", nodes={"mx1": {}}, domains={"dev.test": {}}, lab={"network": "10.79.1.0/24", "debian": 12}
    )
    lab.up()
    outputs = lab.outputs()
    assert [(pair["from"], pair["to"]) for pair in outputs["verification"]["pairs"]] == [("mx1", "mx1")]
    assert outputs["fault_tolerance"]["redundancy_mode"] == "single"
    assert outputs["fault_tolerance"]["wanted"] == 0
    assert lab.ssh("mx1", "cat /etc/debian_version").startswith("12")
    lab.destroy()


def test_five_nodes_survive_two(labs: Labs) -> None:
    nodes: dict[str, dict[str, str]] = {f"mx{index}": {} for index in range(1, 6)}
    lab = labs.new("t5", platform="lab", nodes=nodes, domains={"dev.test": {}}, lab={"network": "10.79.2.0/24"})
    lab.up()
    outputs = lab.outputs()
    assert outputs["fault_tolerance"]["redundancy_mode"] == "triple"
    assert outputs["fault_tolerance"]["without_losing_data"] == 2
    assert outputs["fault_tolerance"]["without_losing_availability"] == 2
    assert len(outputs["verification"]["pairs"]) == 20
    lab.destroy()


class Before:
    """A host that was there before the stack: made by the lab's scripts, known to no stack."""

    ADDRESS = "10.79.3.11"

    def __init__(self, place: Path) -> None:
        for name in ("login", "host"):
            line = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(place / name)]
            subprocess.run(line, check=True)
        self.login = (place / "login").read_text()
        self.given = {
            "LAB": "before",
            "LAB_NETWORK": "10.79.3.0/24",
            "LAB_DEBIAN": "13",
            "NODE": "mx1",
            "LAB_ADDRESS": self.ADDRESS,
            "LAB_AUTHORIZED_KEY": (place / "login.pub").read_text().strip(),
            "LAB_HOST_KEY": (place / "host").read_text(),
        }

    def act(self, path: str, action: str) -> None:
        """Run one of the lab's scripts."""
        payload = Script(path).payload(self.given)
        subprocess.run(["bash", "-s", "--", action], input=payload, text=True, check=True, timeout=300)


@pytest.fixture
def before(tmp_path: Path) -> Iterator[Before]:
    """One bare Debian host."""
    host = Before(tmp_path)
    host.act("lab/network.sh", "up")
    host.act("lab/host.sh", "up")
    yield host
    host.act("lab/host.sh", "down")
    host.act("lab/network.sh", "down")


def test_a_host_that_exists_is_taken_and_given_back(
    labs: Labs, before: Before, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STALWART_CLUSTER_REHEARSAL")
    mirror = packages.mirror(labs.place, "7.4.6", "0.16.27")
    key_file = labs.place / "login"
    key_file.touch(mode=0o600)
    key_file.write_text(before.login)
    config: dict[str, Any] = {"ssh": {"key_file": str(key_file)}, "mirror": str(mirror)}
    lab = labs.new(
        "tx", platform="existing", nodes={"mx1": {"address": before.ADDRESS}}, domains={"dev.test": {}}, **config
    )
    lab.up()
    assert lab.outputs()["verification"]["pairs"]
    assert "rehearsal" not in lab.outputs()
    assert set(lab.up().summary.resource_changes or {}) == {"same"}

    # The key that was learnt is demanded from then on.
    before.act("lab/host.sh", "down")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(labs.place / "other")], check=True)
    known, before.given["LAB_HOST_KEY"] = before.given["LAB_HOST_KEY"], (labs.place / "other").read_text()
    before.act("lab/host.sh", "up")
    lab.config["stalwart-cluster:mail"] = {"submission": True}
    began = time.monotonic()
    with pytest.raises(automation.CommandError, match="host key mismatch"):
        lab.up()
    assert time.monotonic() - began < 120

    before.given["LAB_HOST_KEY"] = known
    before.act("lab/host.sh", "down")
    before.act("lab/host.sh", "up")
    lab.destroy()
