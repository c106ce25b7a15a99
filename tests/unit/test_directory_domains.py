"""Domains: what is missing or differs becomes calls, and nothing else does; what the server keeps is never removed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lib.directory import domains
from lib.directory.wish import Domain, parse
from lib.stalwart.change import Change

from components.directory import wish as program
from components.settings import check

NAMES = ("dev.test", "two.test", "three.test")
WANTED = st.lists(
    st.builds(
        Domain,
        name=st.sampled_from(NAMES),
        aliases=st.sets(st.sampled_from(["a.test", "b.test"])).map(lambda found: tuple(sorted(found))),
        catch_all=st.none() | st.just("anna@dev.test"),
        sub_addressing=st.booleans(),
    ),
    unique_by=lambda domain: domain.name,
)
Here = list[dict[str, Any]]


def carried_out(here: Here, changes: list[Change]) -> Here:
    """The domains after the calls, as the server would have them."""
    done = [dict(item) for item in here]
    for change in changes:
        _, arguments = change.call
        done += [{"id": f"n{len(done)}", **value} for value in arguments.get("create", {}).values()]
        for identity, patch in arguments.get("update", {}).items():
            next(item for item in done if item["id"] == identity).update(patch)
    return done


@given(WANTED, WANTED)
def test_from_any_state_one_pass_leads_to_the_wish_and_a_second_changes_nothing(
    before: list[Domain], after: list[Domain]
) -> None:
    here = carried_out([], list(domains.changes([], before)))
    there = carried_out(here, list(domains.changes(here, after)))
    assert not list(domains.changes(there, after))
    assert {item["name"] for item in there} == {domain.name for domain in (*before, *after)}, "none is removed"


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        (Domain("dev.test", aliases=("a.test",)), "domain dev.test: aliases"),
        (Domain("dev.test", catch_all="a@dev.test"), "domain dev.test: catch-all address"),
        (Domain("dev.test", sub_addressing=False), "domain dev.test: sub-addressing"),
    ],
)
def test_what_differs_is_said_and_nothing_else_is_written(wanted: Domain, what: str) -> None:
    here = carried_out([], list(domains.changes([], [Domain("dev.test")])))
    (change,) = domains.changes(here, [wanted])
    assert change.what == what
    ((_, patch),) = change.call[1]["update"].items()
    assert len(patch) == 1


def test_an_expression_of_a_person_for_sub_addresses_is_set_back_by_name() -> None:
    here = [
        {"id": "b", "name": "dev.test", "aliases": {}, "catchAllAddress": None, "subAddressing": {"@type": "Custom"}}
    ]
    assert [change.what for change in domains.changes(here, [Domain("dev.test")])] == [
        "domain dev.test: sub-addressing"
    ]


def test_the_program_and_the_scripts_mean_the_same_directory() -> None:
    settings = check(
        {
            "platform": "lab",
            "nodes": {"mx1": {}},
            "domains": {"a.test": {}, "dev.test": {"aliases": ["b.test"], "catch_all": "anna@dev.test"}},
            "mail": {"domain": "dev.test"},
        }
    )
    found = parse(program.document(settings))
    assert found.names == ("dev.test", "a.test")
    assert found.domains[0] == Domain("dev.test", ("b.test",), "anna@dev.test", keys=("1",))
