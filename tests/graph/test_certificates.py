"""What is declared for certificates: of whom, for which names, secrets end to end, in which order."""

import json
from typing import Any

import pulumi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from components.certificate.life import AUTHORITY, SERVING, STANDING_IN
from components.remote.script import values_of
from tests.graph.harness import Graph, run
from tests.graph.test_hetzner import BASE
from tests.standins.authority import Authority
from tests.standins.providers.values import has_secret, plain

LAB: dict[str, Any] = {
    "platform": "lab",
    "nodes": {"mx1": {}, "mx2": {"front": "out"}, "mx3": {"roles": ["database"]}},
    "domains": {"dev.test": {"aliases": ["other.test"]}, "two.test": {}},
    "mail": {"domain": "dev.test"},
    "dns": {"mta_sts": "testing"},
}
LETSENCRYPT: dict[str, Any] = {**BASE, "mail": {"certificate": "letsencrypt"}, "dns": {"provider": "hetzner"}}


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the command line has it."""
    monkeypatch.setenv("HCLOUD_TOKEN", "t" * 64)


@pytest.fixture(scope="module")
def lab() -> Graph:
    """Two domains, an alias, a node that the front leaves out, one without mail."""
    return run(LAB)


def names(pem: str) -> set[str]:
    certificate = x509.load_pem_x509_certificate(pem.encode())
    return set(
        certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
            x509.DNSName
        )
    )


def stored(graph: Graph) -> dict[str, str]:
    (step,) = graph.steps("certificate/store.py")
    return dict(values_of(step.stdin))


def test_the_stacks_authority_certifies_every_name_by_which_a_mail_server_is_met(lab: Graph) -> None:
    found = names(stored(lab)["CHAIN"])
    domains = ("dev.test", "other.test", "two.test")
    labels = ("autoconfig", "autodiscover", "ua-auto-config", "mta-sts")
    assert found == {
        *("mail.dev.test", "out.mail.dev.test", "mx1.mail.dev.test", "mx2.mail.dev.test"),
        *(f"{label}.{domain}" for label in labels for domain in domains),
    }


def test_programs_that_trust_the_authority_trust_the_certificate(lab: Graph) -> None:
    authority = x509.load_pem_x509_certificate(lab.outputs["certificate_authority"].encode())
    certificate = x509.load_pem_x509_certificate(stored(lab)["CHAIN"].encode())
    certificate.verify_directly_issued_by(authority)
    assert stored(lab)["PRIVATE_AUTHORITY"] == "Private CA of mail.dev.test"
    assert authority.subject.rfc4514_string() == "CN=Private CA of mail.dev.test"


def test_it_is_shown_before_the_proof_and_kept_in_one_place(lab: Graph) -> None:
    (step,) = lab.steps("certificate/store.py")
    assert "mail-first" in step.depends
    assert lab.outputs["certificate"] == {
        "source": "private",
        "not_valid_after": "2029-02-04T00:00:00Z",
        "sha256": "cd" * 32,
    }


def test_no_key_is_anywhere_but_on_a_steps_standard_input(lab: Graph) -> None:
    (step,) = lab.steps("certificate/store.py")
    assert has_secret(step.inputs["stdin"])
    line = stored(lab)["CERTIFICATE_KEY"].splitlines()[1]
    assert not [made.name for made in lab.made.values() if made is not step and line in json.dumps(plain(made.inputs))]
    for made in lab.made.values():
        for key in ("privateKeyPem", "caPrivateKeyPem"):
            if key in made.inputs:
                assert has_secret(made.inputs[key]), made.name
    assert "PRIVATE KEY" not in json.dumps(plain(lab.outputs))


def test_it_lasts_as_long_as_programs_take_and_is_renewed_by_a_run_long_before_its_end(lab: Graph) -> None:
    made = plain(lab.made["private-ca-server"].inputs)
    assert made["validityPeriodHours"] <= 825 * 24
    assert made["earlyRenewalHours"] == SERVING.early_hours
    assert SERVING.hours < AUTHORITY.early_hours


def test_under_a_public_authority_it_stands_in_and_ends_before_what_is_issued() -> None:
    graph = run(LETSENCRYPT)
    assert plain(graph.made["private-ca-server"].inputs)["validityPeriodHours"] == STANDING_IN.hours < 45 * 24
    assert "acme-v02" in stored(graph)["ACME_DIRECTORY"]
    (asked,) = graph.steps("certificate/ask.py")
    assert "stored-certificate" in graph.waits_for(asked.name)


def test_a_domain_more_is_on_the_certificate(lab: Graph) -> None:
    more = run({**LAB, "domains": {**LAB["domains"], "three.test": {}}})
    assert names(stored(more)["CHAIN"]) - names(stored(lab)["CHAIN"]) == {
        f"{label}.three.test" for label in ("autoconfig", "autodiscover", "ua-auto-config", "mta-sts")
    }


def mine(*names: str) -> tuple[dict[str, Any], dict[str, str]]:
    """A stack file with a certificate of one's own, and its secret."""
    key, made = Authority.make().issue(*names, days=90)
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    chain = made.public_bytes(pem).decode()
    mail = {"certificate": "own", "certificate_chain": chain, "domain": "dev.test"}
    secret = key.private_bytes(pem, form, serialization.NoEncryption()).decode()
    return {**LAB, "mail": mail}, {"certificate_key": secret}


def test_a_certificate_of_ones_own_is_stored_as_it_is_and_nobody_else_issues_any() -> None:
    given, secrets = mine("mail.dev.test", "mx1.mail.dev.test", "mta-sts.dev.test", "*.other.test", "*.two.test")
    graph = run(given, secrets=secrets)
    assert stored(graph)["CHAIN"] == given["mail"]["certificate_chain"].strip()
    assert stored(graph)["CERTIFICATE_KEY"] == secrets["certificate_key"]
    assert not [name for name in graph.made if "private-ca" in name]
    assert "certificate_authority" not in graph.outputs
    assert graph.outputs["certificate"]["source"] == "own"
    assert secrets["certificate_key"].splitlines()[1] not in json.dumps(plain(graph.outputs))


def test_a_certificate_that_cannot_serve_is_refused_before_anything_is_declared() -> None:
    given, secrets = mine("mail.dev.test")
    other = mine("mail.dev.test")[1]
    graph = Graph()
    with pytest.raises(pulumi.RunError) as refused:
        run(given, secrets=other, graph=graph)
    text = str(refused.value)
    assert "Nothing was touched" in text
    assert "does not hold mta-sts.dev.test, mta-sts.other.test, mta-sts.two.test, mx1.mail.dev.test" in text
    assert "stalwart-cluster:certificate_key: is not the key of" in text
    assert secrets["certificate_key"].splitlines()[1] not in text
    assert not [made for made in graph.made.values() if made.type != "pulumi:pulumi:Stack"]


BY_RECORDS: dict[str, Any] = {
    **BASE,
    "mail": {"certificate": "letsencrypt", "certificate_challenge": "dns"},
    "dns": {"provider": "hetzner"},
}


def asked(graph: Graph) -> dict[str, str]:
    (step,) = graph.steps("certificate/ask.py")
    return dict(values_of(step.stdin))


def test_the_names_are_seen_to_lead_here_before_an_authority_is_asked() -> None:
    graph = run(LETSENCRYPT)
    given = asked(graph)
    sets = [plain(made.inputs) for made in graph.made.values() if made.type.endswith(":ZoneRrset")]
    told = {record["value"] for one in sets if one["type"] in {"A", "AAAA"} for record in one["records"]}
    assert set(given["ADDRESSES"].split()) == told
    assert told
    assert int(given["PATIENCE"]) > 0
    pasted = {**LETSENCRYPT, "dns": {}}
    assert asked(run(pasted))["PATIENCE"] == "0"


def test_the_mail_servers_get_what_they_write_records_with_and_nothing_more() -> None:
    secrets = {"dns_challenge_secret": "token-of-the-zones"}
    graph = run(BY_RECORDS, secrets=secrets)
    given = asked(graph)
    assert json.loads(given["CHALLENGE"])["server"] == {"@type": "Hetzner"}
    assert given["CHALLENGE_SECRET"] == "token-of-the-zones"
    (step,) = graph.steps("certificate/ask.py")
    assert has_secret(step.inputs["stdin"])
    others = [made.name for made in graph.made.values() if made is not step]
    assert not [name for name in others if "token-of-the-zones" in json.dumps(plain(graph.made[name].inputs))]
    assert "token-of-the-zones" not in json.dumps(plain(graph.outputs))
    by_tls = asked(run(LETSENCRYPT, secrets=secrets))
    assert (by_tls["CHALLENGE"], by_tls["CHALLENGE_SECRET"]) == ("", "")


@pytest.mark.parametrize(
    ("before", "look"),
    [
        ({}, "1"),
        ({"source": "private", "sha256": "ab"}, "1"),
        ({"issued": False, "look": 3, "waits_for": "these names"}, "4"),
        ({"issued": True, "look": 4}, "4"),
    ],
)
def test_each_run_looks_again_until_the_authority_has_issued(
    before: dict[str, Any], look: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("components.certificate.certificate.exported", lambda: {"certificate": before})
    assert asked(run(LETSENCRYPT))["LOOK"] == look
