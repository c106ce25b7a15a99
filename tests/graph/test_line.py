"""Another line of the database, as the program declares it: only where it is allowed, and before everything else."""

from typing import Any

import pulumi
import pytest

from components.remote.script import values_of
from tests.graph import harness
from tests.graph.harness import Graph, run

LAB: dict[str, Any] = {"platform": "lab", "nodes": {"mx1": {}, "mx2": {}, "mx3": {}}, "domains": {"dev.test": {}}}
NODES = ("mx1", "mx2", "mx3")
STEPS = ("foundationdb/stage.sh", "foundationdb/point.sh", "foundationdb/window.py")


@pytest.fixture(scope="module")
def graph() -> Graph:
    """A stack that may go over."""
    return run({**LAB, "release": {"foundationdb": "7.5.0"}, "allow": ["database_line"]})


def test_without_the_permission_there_is_no_step_of_it() -> None:
    plain = run(LAB)
    assert [step for script in STEPS for step in plain.steps(script)] == []


def had(release: str | None) -> dict[str, Any]:
    """What a stack exported when it was last up."""
    return {"outputs": {"nodes": {node: {"foundationdb": release} for node in NODES}}}


@pytest.mark.parametrize("before", [{"outputs": {}}, had("7.4.6"), had("7.6.0"), had(None)])
def test_a_later_line_is_refused_where_it_is_not_allowed_and_says_what_it_means(
    before: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness, "looked_up", lambda *_: before)
    found = Graph()
    with pytest.raises(pulumi.RunError) as refused:
        run({**LAB, "release": {"foundationdb": "7.5.0"}}, graph=found)
    for said in ("all processes of the database go over at once", "cannot be undone", "was not tried", "database_line"):
        assert said in str(refused.value)
    assert not found.steps("host/prepare.sh")


def test_a_stack_that_has_gone_over_needs_the_permission_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "looked_up", lambda *_: had("7.5.0"))
    plain = run({**LAB, "release": {"foundationdb": "7.5.2"}})
    assert [step for script in STEPS for step in plain.steps(script)] == []


def test_nothing_is_led_to_the_new_line_before_it_lies_on_every_node(graph: Graph) -> None:
    staged = {f"fdb-stage-{node}" for node in NODES}
    assert {step.name for step in graph.steps("foundationdb/stage.sh")} == staged
    for step in graph.steps("foundationdb/point.sh"):
        assert staged <= graph.waits_for(step.name)


def test_the_window_is_one_step_after_all_of_them_and_knows_what_they_found(graph: Graph) -> None:
    (window,) = graph.steps("foundationdb/window.py")
    assert {f"fdb-point-{node}" for node in NODES} <= graph.waits_for(window.name)
    given = values_of(window.stdin)
    assert given["STATES"] == "staged staged staged"
    assert given["TOLERANCE"] == "1"
    assert given["PROCESSES"].split() == [f"10.77.0.1{index}:4500={node}" for index, node in enumerate(NODES, 1)]


def test_nothing_else_is_begun_on_the_hosts_before_the_window(graph: Graph) -> None:
    for script in ("foundationdb/seed.sh", "foundationdb/install.sh", "coordinator/install.sh", "stalwart/install.sh"):
        for step in graph.steps(script):
            assert "fdb-window" in graph.waits_for(step.name)


def test_a_cluster_that_was_set_back_first_goes_over_afterwards() -> None:
    mended = run({**LAB, "release": {"foundationdb": "7.5.0"}, "allow": ["database_line"], "mend": "now"})
    for step in mended.steps("foundationdb/stage.sh"):
        assert "fdb-set-back-now" in mended.waits_for(step.name)
