"""Who does what follows from the nodes' names and zones alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.foundationdb import redundancy
from components.settings import check
from components.settings.placement import natural
from components.topology import Plan, plan


def laid_out(zones: str, **more: object) -> Plan:
    """A plan with one node per letter; the letter is its zone."""
    nodes = {f"mx{index}": {"zone": zone} for index, zone in enumerate(zones, 1)}
    return plan(check({"platform": "lab", "nodes": nodes, "domains": {"dev.test": {}}, **more}))


@pytest.mark.parametrize(
    ("zones", "mode", "coordinators", "tolerance"),
    [
        ("a", "single", 1, 0),
        ("ab", "double", 1, 0),
        ("abc", "double", 3, 1),
        ("abcd", "double", 3, 1),
        ("abcde", "triple", 5, 2),
    ],
)
def test_the_number_of_zones_decides_mode_coordinators_and_tolerance(
    zones: str, mode: str, coordinators: int, tolerance: int
) -> None:
    found = laid_out(zones)
    assert (found.redundancy, len(found.coordinators), found.wanted_tolerance) == (mode, coordinators, tolerance)


def test_nodes_that_fail_together_count_once() -> None:
    found = laid_out("aaabbbccc")
    assert found.redundancy == "double"
    assert [node.name for node in found.coordinators] == ["mx1", "mx4", "mx7"]


def test_the_first_node_in_natural_order_is_the_seed() -> None:
    nodes: dict[str, dict[str, str]] = {name: {} for name in ("mx10", "mx2", "mx1")}
    assert plan(check({"platform": "lab", "nodes": nodes, "domains": {"dev.test": {}}})).seed.name == "mx1"
    assert sorted(["mx10", "mx2", "mx1"], key=natural) == ["mx1", "mx2", "mx10"]


def test_every_ordered_pair_is_proved_up_to_five_nodes_and_a_ring_above() -> None:
    assert len(laid_out("abc").pairs) == 6
    assert len(laid_out("abcde").pairs) == 20
    assert len(laid_out("abcdef").pairs) == 6
    assert [(a.name, b.name) for a, b in laid_out("a").pairs] == [("mx1", "mx1")]


def test_the_coordinator_runs_on_three_nodes_in_different_zones_first() -> None:
    assert [node.name for node in laid_out("aabbc").coordination_nodes] == ["mx1", "mx3", "mx5"]
    assert [node.name for node in laid_out("aab").coordination_nodes] == ["mx1", "mx3", "mx2"]


def test_a_lower_tolerance_may_be_wanted() -> None:
    assert laid_out("abc", fault_tolerance=0).wanted_tolerance == 0


def test_the_identity_of_a_node_is_its_name_below_the_service() -> None:
    assert laid_out("a").nodes[0].hostname == "mx1.mail.dev.test"


@given(st.integers(min_value=1, max_value=60))
def test_the_wanted_number_of_zones_survives_what_it_promises(zones: int) -> None:
    expected = redundancy.expected(zones)
    copies = redundancy.redundancy(zones).copies
    assert expected.losing_availability <= expected.losing_data < copies
    assert zones - expected.losing_availability >= copies or expected.losing_availability == 0
    assert redundancy.coordinators(zones) % 2 == 1
    assert redundancy.coordinators(zones) <= zones
    assert zones >= redundancy.zones_needed(expected.survivable)
