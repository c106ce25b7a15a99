"""Where the zones are signed, the records name the key that the mail servers show; and nowhere else."""

import subprocess
from typing import Any

import pytest

from tests.graph.harness import run
from tests.graph.test_certificates import LAB, mine, stored
from tests.graph.test_hetzner import BASE
from tests.standins.providers.values import is_unknown, plain

SIGNED: dict[str, Any] = {**LAB, "dns": {**LAB["dns"], "signed": True}}
HOLDS = ("mail.dev.test", "mx1.mail.dev.test", "mta-sts.dev.test", "*.other.test", "*.two.test")


def told(zones: dict[str, str]) -> dict[str, str]:
    """The names that have a TLSA record, with it."""
    lines = [line.split(" ", 4) for text in zones.values() for line in text.splitlines() if " TLSA " in line]
    return {line[0]: line[4] for line in lines}


def digest(chain: str) -> str:
    """Of the public key of a certificate, as others compute it."""
    command = "openssl x509 -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -c1-64"
    done = subprocess.run(["bash", "-c", command], input=chain, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_key_of_the_stacks_own_certificate_is_named_where_connections_begin() -> None:
    graph = run(SIGNED)
    value = f"3 1 1 {digest(stored(graph)['CHAIN'])}"
    assert told(graph.outputs["dns_records"]) == dict.fromkeys(
        ["_25._tcp.mx1.mail", "_465._tcp.mail", "_993._tcp.mail"], value
    )


def test_a_zone_that_is_not_signed_names_no_key() -> None:
    assert told(run(LAB).outputs["dns_records"]) == {}


def test_the_key_of_a_certificate_of_ones_own_is_named() -> None:
    given, secrets = mine(*HOLDS)
    graph = run({**given, "dns": SIGNED["dns"]}, secrets=secrets)
    assert {*told(graph.outputs["dns_records"]).values()} == {f"3 1 1 {digest(given['mail']['certificate_chain'])}"}


def test_at_hetzner_the_records_are_declared_before_the_key_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HCLOUD_TOKEN", "t" * 64)
    graph = run({**BASE, "dns": {"provider": "hetzner", "signed": True}}, preview=True)
    made = {plain(one.inputs)["name"]: one for one in graph.made.values() if plain(one.inputs).get("type") == "TLSA"}
    assert {"_25._tcp.mx1.mail", "_465._tcp.mail", "_993._tcp.mail"} <= {*made}
    assert all(is_unknown(one.inputs["records"]) for one in made.values())
