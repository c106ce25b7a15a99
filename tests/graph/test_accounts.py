"""What is declared for accounts: one secret for any number of them, no clear text on its way, after the domains."""

import json
from typing import Any

import pytest

from components.remote.script import values_of
from tests.graph.harness import Graph, run
from tests.standins.providers.values import has_secret, plain

LAB: dict[str, Any] = {"platform": "lab", "nodes": {"mx1": {}, "mx2": {}, "mx3": {}}, "domains": {"dev.test": {}}}


@pytest.fixture(scope="module")
def lab() -> Graph:
    """Two accounts, of which the step says that it made one."""
    return run({**LAB, "accounts": {"anna@dev.test": {}, "bob@dev.test": {"quota": "1GiB"}}})


def test_a_thousand_accounts_are_as_many_resources_as_none() -> None:
    many: dict[str, Any] = {f"p{number}@dev.test": {} for number in range(1000)}
    assert len(run({**LAB, "accounts": many}).made) == len(run(LAB).made)


def test_the_step_comes_after_the_domains_and_holds_up_neither_proof_nor_records(lab: Graph) -> None:
    (step,) = lab.steps("accounts/apply.py")
    assert "directory-apply" in lab.waits_for(step.name)
    for script in ("proof/prove.py", "directory/sign.py"):
        (other,) = lab.steps(script)
        assert step.name not in lab.waits_for(other.name)


def test_passwords_are_secret_and_hosts_get_hashes_only(lab: Graph) -> None:
    (step,) = lab.steps("accounts/apply.py")
    assert has_secret(step.inputs["stdin"])
    hashes = json.loads(values_of(step.stdin)["HASHES"])
    assert hashes.keys() == {"anna@dev.test", "bob@dev.test"}
    logins = plain(lab.outputs["accounts"])
    assert logins.keys() == {"anna@dev.test"}, "the other one was there already: its password is its own"
    for made in lab.made.values():
        assert logins["anna@dev.test"] not in json.dumps(plain(made.inputs)), made.name


def test_the_output_is_secret(lab: Graph) -> None:
    assert has_secret(lab.outputs["accounts"])
