"""`make status` tells what is wrong, and what it cannot see is unknown."""

from dataclasses import replace
from typing import Any

from tools.status.nodes import Seen, Target, targets, wanted_tolerance
from tools.status.table import render

DATABASE: dict[str, Any] = {
    "available": True,
    "redundancy_mode": "double",
    "data_state": "healthy",
    "zone_failures_without_losing_data": 1,
    "zone_failures_without_losing_availability": 1,
    "coordinators": {"10.0.0.1:4500": True},
    "messages": [],
}
FOUND: dict[str, Any] = {
    "units": {"foundationdb": "active", "nats-server": "active", "stalwart": "active"},
    "versions": {"foundationdb": "7.4.6", "stalwart": "0.16.27"},
    "closed": [],
    "coordinated": True,
    "database": DATABASE,
}
TARGET = Target(
    "mx1", {"host": "10.0.0.1"}, root=True, facts={"zone": "a", "address": "10.0.0.1", "stalwart": "0.16.27"}
)
WELL = Seen(TARGET, FOUND)
DEAD = Seen(replace(TARGET, name="mx2"), None, "no answer within 25 s")


def test_all_is_well() -> None:
    text, well = render([WELL], 1)
    assert well
    assert text.splitlines()[1].split() == [
        "mx1",
        "a",
        "10.0.0.1",
        "yes",
        "active",
        "7.4.6",
        "active",
        "active",
        "0.16.27",
    ]


def test_a_dead_node_is_unknown_and_named() -> None:
    text, well = render([WELL, DEAD], 1)
    assert not well
    assert text.splitlines()[2].split()[3:] == ["no", "unknown", "unknown", "unknown"]
    assert "! mx2 cannot be reached: no answer within 25 s" in text


def test_nobody_reached_is_not_well() -> None:
    text, well = render([DEAD], 1)
    assert not well
    assert "database: unknown" in text


def test_everything_that_is_off_is_told() -> None:
    off = {
        **FOUND,
        "units": {**FOUND["units"], "nats-server": "failed"},
        "versions": {**FOUND["versions"], "stalwart": "0.16.20"},
        "closed": ["imaps"],
        "coordinated": False,
        "database": {**DATABASE, "zone_failures_without_losing_data": 0, "coordinators": {"10.0.0.9:4500": False}},
    }
    text, well = render([Seen(TARGET, off)], 1)
    assert not well
    for told in (
        "nats-server on mx1 is failed",
        "nothing listens on mx1 for imaps",
        "no connection to the coordinator",
        "mx1 has stalwart 0.16.20, the stack says 0.16.27",
        "0 zones may fail without losing data, 1 are wanted",
        "coordinator 10.0.0.9:4500 is out of reach",
    ):
        assert told in text


def test_a_node_without_mail_misses_nothing() -> None:
    only = {**FOUND, "units": {**FOUND["units"], "stalwart": "missing", "nats-server": "missing"}, "coordinated": False}
    _, well = render([Seen(replace(TARGET, facts={}), {**only, "closed": ["https", "imaps", "smtp"]})], None)
    assert well


def test_nodes_and_their_logins_are_read_from_an_exported_state() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47", "plaintext": '{"host": "10.0.0.1", "privateKey": "key"}'}
    step = {
        "type": "command:remote:Command",
        "urn": "urn:pulumi:dev::p::t::hosts-prepare-mx1",
        "inputs": {"connection": secret, "create": "sudo -n bash -s # x"},
    }
    outputs = {"nodes": {"mx1": {"zone": "a"}}, "fault_tolerance": {"wanted": 1}}
    root = {"type": "pulumi:pulumi:Stack", "urn": "urn:pulumi:dev::p::t::s", "outputs": outputs}
    exported = {"deployment": {"resources": [root, step]}}
    (target,) = targets(exported)
    assert (target.name, target.root, target.facts) == ("mx1", False, {"zone": "a"})
    assert target.connection == {"host": "10.0.0.1", "privateKey": "key"}
    assert wanted_tolerance(exported) == 1
    assert targets({"deployment": {}}) == []
