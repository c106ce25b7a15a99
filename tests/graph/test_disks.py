"""Encrypted disks: who gets which key, what waits for what, and that no key is ever shown."""

from typing import Any

import pytest

from tests.graph.harness import Graph, run
from tests.graph.test_graph import EXISTING, KEY
from tests.standins.providers.values import has_secret, plain

BASE: dict[str, Any] = {
    "platform": "hetzner",
    "nodes": {"mx1": {}, "mx2": {}, "mx3": {}},
    "domains": {"example.org": {}},
    "hetzner": {"ssh_from": ["203.0.113.0/24"], "volume": "50GiB"},
    "database": {"encrypt": True},
}


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the command line has it."""
    monkeypatch.setenv("HCLOUD_TOKEN", "t" * 64)


@pytest.fixture(scope="module")
def encrypted() -> Graph:
    """Three nodes with encrypted volumes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HCLOUD_TOKEN", "t" * 64)
        return run(BASE)


def test_an_encrypted_volume_comes_without_a_file_system_and_one_that_is_there_stays(encrypted: Graph) -> None:
    volumes = {name: made for name, made in encrypted.made.items() if made.type.endswith(":Volume")}
    assert len(volumes) == 3
    assert not [made for made in volumes.values() if plain(made.inputs).get("format")]
    in_clear = run({**BASE, "database": {}})
    assert plain(in_clear.made["hetzner-volume-mx1"].inputs)["format"] == "ext4"


def test_every_disk_has_a_key_of_its_own_which_is_secret(encrypted: Graph) -> None:
    for step in (*encrypted.steps("host/prepare.sh"), *encrypted.steps("host/unlock.sh")):
        node = step.name.rsplit("-", 1)[1]
        assert f"DISK_KEY=generated-for-hosts-disk-key-{node}" in step.stdin
        assert has_secret(step.inputs["stdin"])
        assert "generated-for" not in str(plain(step.inputs)["create"])
    assert plain(encrypted.outputs["disk_keys"]).keys() == {"mx1", "mx2", "mx3"}


def test_a_disk_is_opened_by_all_other_nodes_known_by_their_thumbprints(encrypted: Graph) -> None:
    (first, *_) = encrypted.steps("host/unlock.sh")
    assert "10.70.1.12 RsDSvg7" in first.stdin
    assert "10.70.1.13 RsDSvg7" in first.stdin
    assert "10.70.1.11" not in first.stdin
    assert {f"hosts-prepare-mx{index}" for index in (1, 2, 3)} <= encrypted.waits_for(first.name)


def test_no_data_come_to_a_disk_before_others_can_open_it(encrypted: Graph) -> None:
    for step in encrypted.steps("foundationdb/install.sh"):
        assert f"hosts-unlock-{step.name.rsplit('-', 1)[1]}" in encrypted.waits_for(step.name)


@pytest.mark.parametrize(("nodes", "openers"), [(2, 1), (3, 1), (4, 2), (5, 2)])
def test_two_others_are_needed_where_two_are_there_whatever_may_fail(nodes: int, openers: int) -> None:
    graph = run({**BASE, "nodes": {f"mx{index}": {"zone": f"z{index}"} for index in range(1, nodes + 1)}})
    assert all(f"export THRESHOLD={openers}\n" in step.stdin for step in graph.steps("host/unlock.sh"))


def test_without_encryption_nothing_of_it_is_made() -> None:
    graph = run({**BASE, "database": {}})
    assert not graph.steps("host/unlock.sh")
    assert not [name for name in graph.made if "disk-key" in name]
    assert all("TANG_PORT=''" in step.stdin and "DISK_KEY=''" in step.stdin for step in graph.steps("host/prepare.sh"))
    assert "disk_keys" not in graph.outputs


def test_one_node_after_the_other_is_changed_over() -> None:
    graph = run({**BASE, "nodes": {"mx1": {"encrypt": False}, "mx2": {}, "mx3": {}}})
    assert [step.name for step in graph.steps("host/unlock.sh")] == ["hosts-unlock-mx2", "hosts-unlock-mx3"]
    (first, *_) = graph.steps("host/prepare.sh")
    assert "DISK_KEY=''" in first.stdin
    assert "TANG_PORT=7500" in first.stdin, "it answers for the disks of the others"


def test_a_given_host_names_its_disk() -> None:
    device = "/dev/disk/by-id/nvme-eui.0025"
    nodes = {
        "mx1": {"address": "10.0.0.1", "host_key": KEY, "device": device},
        "mx2": {"address": "10.0.0.2", "host_key": KEY, "device": device},
    }
    graph = run({**EXISTING, "nodes": nodes, "database": {"encrypt": True}})
    for script in ("host/prepare.sh", "host/unlock.sh"):
        assert all(f"DEVICE={device}" in step.stdin for step in graph.steps(script))
        assert len(graph.steps(script)) == 2
