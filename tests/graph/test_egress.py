"""Mail that leaves by some nodes only: who carries whose, in which order, and what the world is told."""

from typing import Any

import pytest

from components.remote.script import values_of
from tests.graph.harness import Declared, Graph, run
from tests.graph.test_hetzner import BASE
from tests.standins.providers.values import plain

NODES: dict[str, Any] = {"mx1": {"sends": False}, "mx2": {}, "mx3": {}, "db4": {"roles": ["database"]}}
LAB: dict[str, Any] = {"platform": "lab", "nodes": NODES, "domains": {"dev.test": {}}}


@pytest.fixture(scope="module")
def lab() -> Graph:
    """A lab of whose three mail nodes one does not send."""
    return run(LAB)


def test_where_every_node_sends_there_is_nothing_of_it() -> None:
    graph = run({**LAB, "nodes": {"mx1": {}, "mx2": {}, "mx3": {}}})
    assert not [*graph.steps("egress/gateway.sh"), *graph.steps("egress/redirect.sh")]
    assert "nftables" not in "".join(step.stdin for step in graph.steps("host/prepare.sh"))


def test_each_node_that_sends_carries_for_those_that_do_not(lab: Graph) -> None:
    gateways = lab.steps("egress/gateway.sh")
    assert [step.name for step in gateways] == ["egress-gateway-mx2", "egress-gateway-mx3"]
    nodes = "10.77.0.11 10.77.0.12 10.77.0.13 10.77.0.14"
    assert {*values_of(gateways[0].stdin)["NODES"].split()} == {*nodes.split()}
    (redirect,) = lab.steps("egress/redirect.sh")
    assert redirect.name == "egress-redirect-mx1"
    assert values_of(redirect.stdin)["GATEWAYS"] == "10.77.0.12 10.77.0.13"
    assert {step.name for step in gateways} <= redirect.depends


def test_no_mail_server_begins_before_its_mail_takes_the_other_way(lab: Graph) -> None:
    assert "egress-redirect-mx1" in lab.made["mail-install-mx1"].depends
    assert "egress-redirect-mx1" not in lab.made["mail-install-mx2"].depends


def test_it_goes_with_its_resource_so_at_the_end_of_a_run(lab: Graph) -> None:
    for step in [*lab.steps("egress/gateway.sh"), *lab.steps("egress/redirect.sh")]:
        assert "-- down " in str(plain(step.inputs)["delete"])


def test_only_a_node_that_does_not_send_gets_what_leads_its_mail_elsewhere(lab: Graph) -> None:
    wanted = {step.name: values_of(step.stdin)["PACKAGES"] for step in lab.steps("host/prepare.sh")}
    assert [name for name, packages in wanted.items() if "nftables" in packages] == ["hosts-prepare-mx1"]


def test_records_name_those_that_send_only(lab: Graph) -> None:
    text = lab.outputs["dns_records"]["dev.test"]
    assert text.count("out.mail 300 IN A ") == 2
    assert "out.mail 300 IN A 10.77.0.11" not in text
    assert "mx1.mail 300 IN A 10.77.0.11" in text, "mail still comes in there"


def test_reverse_names_and_the_look_at_port_25_are_of_those_that_send(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HCLOUD_TOKEN", "good".ljust(64, "0"))
    graph = run({**BASE, "nodes": {"mx1": {}, "mx2": {}, "mx3": {"sends": False}}})
    reverse = {name: _reverse(made) for name, made in graph.made.items() if made.type.endswith(":Rdns")}
    assert reverse == {
        f"hetzner-reverse-{family}-{node}": name
        for family in ("ipv4", "ipv6")
        for node, name in (
            ("mx1", "out.mail.example.org"),
            ("mx2", "out.mail.example.org"),
            ("mx3", "mx3.mail.example.org"),
        )
    }
    assert [step.name for step in graph.steps("front/outgoing.sh")] == ["front-outgoing-mx1", "front-outgoing-mx2"]


def _reverse(made: Declared) -> str:
    return str(plain(made.inputs)["dnsPtr"])
