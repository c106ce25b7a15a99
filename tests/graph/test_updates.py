"""Records by signed updates, as the program declares them."""

import json
import subprocess
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from components.remote.script import values_of
from tests.graph.harness import Graph, run
from tests.standins.providers.values import has_secret, plain

SECRET = "c2VjcmV0LXNlY3JldA=="
BASE: dict[str, Any] = {
    "platform": "lab",
    "nodes": {"mx1": {}, "mx2": {}, "mx3": {}},
    "domains": {"dev.test": {"aliases": ["alias.test"]}, "example.org": {"dmarc": "reject"}},
    "mail": {"domain": "dev.test"},
    "dns": {
        "provider": "rfc2136",
        "server": "10.77.0.9",
        "tsig_name": "mail-key",
        "zones": ["dev.test", "alias.test", "example.org"],
    },
}


class Asked:
    """The check of the name server, answered from here."""

    def __init__(self, *found: Mapping[str, str]) -> None:
        self.found, self.given, self.line = list(found), "", [""]

    def __call__(self, line: list[str], **options: Any) -> "subprocess.CompletedProcess[str]":
        self.line, self.given = line, options["input"]
        return subprocess.CompletedProcess(line, 0, json.dumps(self.found), "")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """A name server with which nothing is wrong."""
    answering = Asked()
    monkeypatch.setattr(subprocess, "run", answering)
    return answering


def declared(**changed: Any) -> Graph:
    return run({**BASE, **changed}, secrets={"dns_tsig_secret": SECRET})


def given(graph: Graph, name: str) -> dict[str, str]:
    return values_of(graph.made[name].stdin)


def test_each_domain_and_each_other_name_of_one_is_a_step_and_the_hosts_come_first(server: Asked) -> None:
    graph = declared()
    steps = {step.name for step in graph.steps("dns/publish.sh")}
    assert steps == {"dns-dev.test", "dns-alias.test", "dns-example.org"}
    assert {"dns-gate", "proof-verify"} & graph.waits_for("dns-dev.test")
    for later in ("dns-alias.test", "dns-example.org"):
        assert "dns-dev.test" in graph.waits_for(later)


def test_a_step_has_the_records_of_its_domain_and_no_others(server: Asked) -> None:
    graph = declared()
    records = {(one["name"], one["type"]): one for one in json.loads(given(graph, "dns-example.org")["RECORDS"])}
    assert records["@", "MX"]["values"] == [f"10 mx{index}.mail.dev.test." for index in (1, 2, 3)]
    assert records["_dmarc", "TXT"]["values"] == ['"v=DMARC1; p=reject; rua=mailto:postmaster@example.org"']
    assert records["s1-rsa._domainkey", "TXT"]["ttl"] == 300
    assert not [name for name, _ in records if "mail.dev.test" in name]
    hosts = {(one["name"], one["type"]) for one in json.loads(given(graph, "dns-dev.test")["RECORDS"])}
    assert {("mx1.mail", "A"), ("out.mail", "A"), ("mail", "A")} <= hosts


def test_names_are_relative_to_the_zone_that_holds_the_domain(server: Asked) -> None:
    dns = {**BASE["dns"], "zones": ["dev.test", "example.org"]}
    graph = declared(dns=dns, domains={"dev.test": {"aliases": ["alias.dev.test"]}})
    assert given(graph, "dns-alias.dev.test")["ZONE"] == "dev.test"
    names = {one["name"] for one in json.loads(given(graph, "dns-alias.dev.test")["RECORDS"])}
    assert {"alias", "_dmarc.alias", "autoconfig.alias"} <= names


def test_the_secret_travels_as_one_and_stands_in_no_command(server: Asked) -> None:
    graph = declared()
    for step in graph.steps("dns/publish.sh"):
        assert has_secret(step.inputs["stdin"])
        inputs = plain(step.inputs)
        assert SECRET not in inputs["create"] + inputs["delete"]
        assert inputs["addPreviousOutputInEnv"] is True
        assert inputs["create"].startswith("bash -s -- up ")
        assert inputs["delete"].startswith("bash -s -- down ")
    assert SECRET in server.given
    assert SECRET not in " ".join(server.line)


def test_others_records_are_replaced_by_permission_only(server: Asked) -> None:
    assert given(declared(), "dns-dev.test")["REPLACE"] == ""
    assert given(declared(allow=["replace_records"]), "dns-dev.test")["REPLACE"] == "yes"


def test_the_server_is_asked_for_every_zone_before_anything_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    refusing = Asked(
        {"key": "dns.zones", "problem": "10.77.0.9 does not hold the zone alias.test", "remedy": "create it"}
    )
    monkeypatch.setattr(subprocess, "run", refusing)
    graph = Graph()
    with pytest.raises(pulumi.RunError) as refused:
        run(BASE, secrets={"dns_tsig_secret": SECRET}, graph=graph)
    assert "stalwart-cluster:dns.zones: 10.77.0.9 does not hold the zone alias.test (create it)" in str(refused.value)
    assert "Nothing was touched" in str(refused.value)
    assert not [made for made in graph.made.values() if made.type.endswith(":Command")]
    assert values_of(refusing.given)["ZONES"].split() == ["dev.test", "alias.test", "example.org"]


def test_a_server_that_is_silent_stops_a_run_unless_it_is_allowed_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(subprocess, "run", Asked({"key": "", "problem": "it is silent", "remedy": "look"}))
    monkeypatch.setattr(pulumi, "warn", told.append)
    with pytest.raises(pulumi.RunError, match=r"dns.server: it is silent \(is it right.*silent_name_server"):
        declared()
    assert declared(allow=["silent_name_server"]).steps("dns/publish.sh")
    assert any("it is silent. Records that change" in text for text in told)


def test_the_server_is_asked_of_every_name_that_mail_comes_to(server: Asked) -> None:
    declared()
    asked = values_of(server.given)
    assert asked["HOSTNAME"] == "mail.dev.test"
    assert json.loads(asked["DOMAINS"]) == {
        "dev.test": {"zone": "dev.test", "key": 'domains["dev.test"]'},
        "alias.test": {"zone": "alias.test", "key": 'domains["dev.test"].aliases[0]'},
        "example.org": {"zone": "example.org", "key": 'domains["example.org"]'},
    }


def test_whom_to_ask_for_the_records_is_told(server: Asked) -> None:
    assert declared().outputs["dns"] == {
        "outgoing": "out.mail.dev.test",
        "resolvers": ["1.1.1.1", "8.8.8.8", "9.9.9.9"],
        "server": "10.77.0.9",
    }


OWN_KEY: dict[str, Any] = {
    **BASE,
    "mail": {
        "domain": "dev.test",
        "certificate": "https://acme.dev.test/directory",
        "certificate_challenge": "dns",
    },
    "dns": {**BASE["dns"], "challenge_tsig_name": "challenge-key"},
}


class AskedByKey(Asked):
    """Answers to one key, and has nothing to say to others."""

    def __init__(self, key: str, *found: Mapping[str, str]) -> None:
        super().__init__(*found)
        self.key, self.tried = key, dict[str, str]()

    def __call__(self, line: list[str], **options: Any) -> "subprocess.CompletedProcess[str]":
        values = values_of(options["input"])
        self.tried[values["KEY_NAME"]] = values["KEY_SECRET"]
        told = self.found if values["KEY_NAME"] == self.key else []
        return subprocess.CompletedProcess(line, 0, json.dumps(told), "")


def test_the_mail_servers_key_for_challenges_is_tried_too_and_is_all_that_they_get(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refusing = AskedByKey("challenge-key", {"key": "dns.tsig_name", "problem": "it does not know it", "remedy": "look"})
    monkeypatch.setattr(subprocess, "run", refusing)
    secrets = {"dns_tsig_secret": SECRET, "dns_challenge_secret": "Y2hhbGxlbmdl"}
    with pytest.raises(pulumi.RunError, match=r"dns\.challenge_tsig_name: it does not know it"):
        run(OWN_KEY, secrets=secrets)
    assert refusing.tried == {"mail-key": SECRET, "challenge-key": "Y2hhbGxlbmdl"}
    refusing.found.clear()
    graph = run(OWN_KEY, secrets=secrets)
    (step,) = graph.steps("certificate/ask.py")
    assert json.loads(values_of(step.stdin)["CHALLENGE"])["server"]["keyName"] == "challenge-key"
    assert values_of(step.stdin)["CHALLENGE_SECRET"] == "Y2hhbGxlbmdl"
    assert SECRET not in step.stdin


def test_without_a_key_of_their_own_they_sign_with_the_stacks(server: Asked) -> None:
    shared = {**OWN_KEY, "dns": BASE["dns"]}
    graph = run(shared, secrets={"dns_tsig_secret": SECRET})
    (step,) = graph.steps("certificate/ask.py")
    assert values_of(step.stdin)["CHALLENGE_SECRET"] == SECRET
    assert has_secret(step.inputs["stdin"])
