"""Another machine under a node: what leaves first, what is made anew, and who tells newcomers where the database is."""

import json
from typing import Any

import pytest

from components.remote.script import values_of
from tests.graph.harness import Graph, run

LAB: dict[str, Any] = {
    "platform": "lab",
    "nodes": {"mx1": {}, "mx2": {"machine": 2}, "mx3": {}},
    "domains": {"dev.test": {}},
}
HETZNER: dict[str, Any] = {
    "platform": "hetzner",
    "nodes": {"mx1": {}, "mx2": {"machine": 2}, "mx3": {}},
    "domains": {"example.org": {}},
    "hetzner": {"ssh_from": ["203.0.113.0/24"]},
}


@pytest.fixture(scope="module")
def lab() -> Graph:
    """A lab of which a node has its second machine."""
    return run(LAB)


def test_a_node_leaves_the_database_before_its_machine_goes(lab: Graph) -> None:
    (leave,) = lab.steps("local/leave.sh")
    assert leave.name == "lab-leave-mx2-2"
    assert leave.name in lab.made["lab-host-mx2"].depends
    assert not [name for name in ("lab-host-mx1", "lab-host-mx3") if leave.name in lab.waits_for(name)]


def test_it_is_the_others_that_are_asked_whether_the_node_lives_or_not(lab: Graph) -> None:
    (leave,) = lab.steps("local/leave.sh")
    assert "mx1 root 10.77.0.11 22 ssh-ed25519" in leave.stdin
    assert "mx3 root 10.77.0.13 22 ssh-ed25519" in leave.stdin
    assert "mx2 root" not in leave.stdin
    assert "export LEAVER=mx2" in leave.stdin
    assert "ADDRESS=10.77.0.12:4500" in leave.stdin
    assert not [name for name in lab.waits_for(leave.name) if name.startswith("lab-host-mx")]


def test_in_a_new_stack_the_number_of_a_machine_means_nothing() -> None:
    known = run(LAB).steps("local/leave.sh")[0]
    new = run({**LAB, "nodes": {"mx4": {}, "mx5": {"machine": 2}, "mx6": {}}}).steps("local/leave.sh")[0]
    assert "HAD_ONE=yes" in known.stdin
    assert "HAD_ONE=''" in new.stdin


def test_a_first_machine_needs_no_leave() -> None:
    assert not run({**LAB, "nodes": {"mx1": {}, "mx2": {}, "mx3": {}}}).steps("local/leave.sh")


def test_a_rented_server_is_replaced_when_its_node_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HCLOUD_TOKEN", "good".ljust(64, "0"))
    graph = run(HETZNER)
    (leave,) = graph.steps("local/leave.sh")
    assert leave.name in graph.made["hetzner-mx2"].depends
    assert not [name for name in graph.waits_for(leave.name) if graph.made[name].type.endswith(":Server")]


def test_all_hosts_are_asked_for_the_database_before_one_is_begun(lab: Graph) -> None:
    (find,) = lab.steps("local/find_database.sh")
    assert find.name in lab.made["fdb-seed"].depends
    assert [line.split()[0] for line in _given(find.stdin, "TARGETS").splitlines()] == ["mx1", "mx2", "mx3"]
    assert "lab-host-mx1-id" in _given(find.stdin, "MACHINES"), "asked again when a host is another machine"


def test_every_host_knows_the_whole_cluster(lab: Graph) -> None:
    for step in lab.steps("host/prepare.sh"):
        cluster = json.loads(_given(step.stdin, "CLUSTER"))
        assert cluster["tolerance"] == 1
        assert set(cluster["nodes"]) == {"mx1", "mx2", "mx3"}
        assert cluster["nodes"]["mx2"] == {
            "address": "10.77.0.12", "hostname": "mx2.mail.dev.test", "mail": True, "zone": "mx2",
        }  # fmt: skip


def test_no_settings_are_written_while_releases_are_mixed(lab: Graph) -> None:
    assert {"mail-install-mx1", "mail-install-mx2", "mail-install-mx3"} <= lab.made["mail-first"].depends


def _given(stdin: str, name: str) -> str:
    return values_of(stdin)[name]
