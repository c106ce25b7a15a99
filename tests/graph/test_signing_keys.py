"""What is declared for signing keys: records before servers, secrets end to end, the turn after the records."""

import json
from typing import Any

import pytest
from lib.directory.keys import Signature

from components.remote.script import values_of
from tests.graph.harness import Graph, run
from tests.graph.test_hetzner import BASE, made
from tests.standins.providers.values import has_secret, is_unknown, plain

LAB: dict[str, Any] = {"platform": "lab", "nodes": {"mx1": {}, "mx2": {}, "mx3": {}}}
MANY: dict[str, Any] = {
    "dev.test": {},
    "two.test": {"dkim": {"keys": [2, 1]}},
    "old.test": {"dkim": {"keys": ["server"]}},
    "new.test": {"dkim": {"keys": [1, "server"]}},
}


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the command line has it."""
    monkeypatch.setenv("HCLOUD_TOKEN", "t" * 64)


@pytest.fixture(scope="module")
def lab() -> Graph:
    """Domains in every stage of a change of keys."""
    return run({**LAB, "domains": MANY, "mail": {"domain": "dev.test"}})


def test_each_number_is_two_keys_and_the_server_makes_its_own(lab: Graph) -> None:
    found = {item.name: plain(item.inputs)["algorithm"] for item in lab.made.values() if "PrivateKey" in item.type}
    ours = {name: kind for name, kind in found.items() if name.startswith("dkim-")}
    numbers = {"dev.test": "1", "two.test": "12", "new.test": "1"}
    assert ours == {
        f"dkim-{domain}-s{number}-{kind}": kind.upper()
        for domain, given in numbers.items()
        for number in given
        for kind in ("ed25519", "rsa")
    }


def test_keys_wait_for_nothing(lab: Graph) -> None:
    for name in lab.made:
        if name.startswith("dkim-"):
            assert not any(lab.made[other].script for other in lab.waits_for(name))


def test_private_keys_are_secret_and_in_no_output(lab: Graph) -> None:
    (step,) = lab.steps("directory/apply.py")
    assert has_secret(step.inputs["stdin"])
    given = json.loads(values_of(step.stdin)["SIGNING_KEYS"])
    assert given["two.test"].keys() == {"s1-ed25519", "s1-rsa", "s2-ed25519", "s2-rsa"}
    assert "BEGIN RSA PRIVATE KEY" in given["dev.test"]["s1-rsa"]
    lines = {key.splitlines()[1] for keys in given.values() for key in keys.values()}
    for other in lab.made.values():
        if other is not step:
            assert not [line for line in lines if line in json.dumps(plain(other.inputs))], other.name
    assert "PRIVATE KEY" not in json.dumps(plain(lab.outputs))


def test_zone_files_hold_the_records_of_all_that_are_listed(lab: Graph) -> None:
    (step,) = lab.steps("directory/apply.py")
    texts = json.loads(values_of(step.stdin)["SIGNING_TEXTS"])
    zones = lab.outputs["dns_records"]
    for domain, selectors in texts.items():
        for selector, text in selectors.items():
            assert f"\n{selector}._domainkey 300 IN TXT " in zones[domain]
            assert text[:100] in zones[domain]
    assert "\ns1-" not in zones["old.test"]


def test_the_turn_comes_after_every_record_of_a_key() -> None:
    domains = {"example.org": {"dkim": {"keys": [2, 1]}}}
    graph = run({**BASE, "domains": domains, "dns": {"provider": "hetzner"}})
    (turn,) = graph.steps("directory/sign.py")
    records = {item.name for item in made(graph, "ZoneRrset") if "_domainkey" in item.name}
    assert records <= graph.waits_for(turn.name)
    assert {f"dns-example.org-s{number}-rsa._domainkey-txt" for number in (1, 2)} <= records
    assert "PATIENCE=240" in turn.stdin
    assert graph.outputs["signing_keys"]


def test_pasted_records_are_not_waited_for(lab: Graph) -> None:
    (turn,) = lab.steps("directory/sign.py")
    assert "PATIENCE=0" in turn.stdin


def test_a_leaked_key_may_go_early_only_by_permission(lab: Graph) -> None:
    assert "export EARLY=''" in lab.steps("directory/apply.py")[0].stdin
    allowed = run({**LAB, "domains": {"dev.test": {}}, "allow": ["signing_key"]})
    for script in ("directory/apply.py", "directory/sign.py"):
        assert "export EARLY=signing_key\n" in allowed.steps(script)[0].stdin


def test_selectors_are_known_before_anything_is_made() -> None:
    graph = run({**BASE, "dns": {"provider": "hetzner"}}, preview=True)
    record = graph.made["dns-example.org-s1-rsa._domainkey-txt"]
    assert plain(record.inputs)["name"] == "s1-rsa._domainkey"
    assert is_unknown(record.inputs["records"])


def test_the_scripts_know_a_key_by_its_selector() -> None:
    from components.dkim import record  # noqa: PLC0415  # beside the scripts' own reading

    for number in ("1", "42"):
        for kind in record.KINDS:
            assert Signature("", "", kind, record.selector(number, kind), "", "").key == number
