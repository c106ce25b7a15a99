"""Signing keys under the real engine: made once, known in a preview, never unpublished while they are needed."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation
from pulumi.automation import errors

from components.remote.script import values_of
from tests.standins.providers.hcloud.cloud import Cloud

from .conftest import Hosts, Stack
from .test_hetzner import rented

__all__ = ["rented"]
pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]
Rented = Callable[..., automation.Stack]


def domains(*keys: object) -> dict[str, Any]:
    return {"example.org": {"dkim": {"keys": list(keys)}}}


def selectors(cloud: Cloud) -> set[str]:
    """The keys that the zone shows."""
    names = (line.split()[0] for line in cloud.zone_text("example.org").splitlines() if "._domainkey" in line)
    return {name.split(".")[0] for name in names}


def both(*numbers: int) -> set[str]:
    return {f"s{number}-{kind}" for number in numbers for kind in ("ed25519", "rsa")}


def test_a_change_of_keys_publishes_first_and_takes_away_last(rented: Rented, hosts: Hosts, cloud: Cloud) -> None:
    rented().up()
    assert selectors(cloud) == both(1)
    first = hosts.given["directory-apply"]
    hosts.names()

    # The world does not show the second one yet: the turn fails, as the last step, and both are published.
    hosts.failing.add("signing")
    with pytest.raises(errors.CommandError, match="told to fail"):
        rented(domains=domains(2, 1)).up()
    assert selectors(cloud) == both(1, 2)
    ran = hosts.names()
    assert [name for name in ran if name in {"directory-apply", "signing"}] == ["directory-apply", "signing"]

    # The same command again goes on there, and touches nothing else.
    hosts.failing.clear()
    rented(domains=domains(2, 1)).up()
    assert hosts.names() == ["signing"]
    keys = json.loads(values_of(hosts.given["directory-apply"])["SIGNING_KEYS"])["example.org"]
    assert json.loads(values_of(first)["SIGNING_KEYS"])["example.org"]["s1-rsa"] == keys["s1-rsa"]

    # Too early: the step refuses, and what is published stays.
    hosts.failing.add("directory-apply")
    with pytest.raises(errors.CommandError, match="told to fail"):
        rented(domains=domains(2)).up()
    assert selectors(cloud) == both(1, 2)

    hosts.failing.clear()
    rented(domains=domains(2)).up()
    assert selectors(cloud) == both(2)


def test_records_are_known_in_a_preview_and_private_keys_nowhere(rented: Rented, hosts: Hosts, tmp_path: Path) -> None:
    rented().up()
    values = values_of(hosts.given["directory-apply"])
    texts = json.loads(values["SIGNING_TEXTS"])["example.org"]
    private = json.loads(values["SIGNING_KEYS"])["example.org"]
    shown: dict[str, str] = {}
    told: list[str] = []

    def listen(event: automation.EngineEvent) -> None:
        told.append(event.diagnostic_event.message if event.diagnostic_event else "")
        if event.resource_pre_event and (new := event.resource_pre_event.metadata.new):
            shown[event.resource_pre_event.metadata.urn.rsplit("::", 1)[1]] = json.dumps(new.inputs)

    rented(dns={"provider": "hetzner", "ttl": 600}).preview(on_event=listen)
    for selector, text in texts.items():
        assert text[-40:] in shown[f"dns-example.org-{selector}._domainkey-txt"]
    kept = "".join(path.read_text(errors="replace") for path in tmp_path.rglob("*.json*") if path.is_file())
    assert "s1-rsa" in kept
    for key in private.values():
        line = key.splitlines()[1]
        assert not [text for text in (kept, *told, *shown.values()) if line in text]


def test_a_hundred_domains_cost_seconds(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    def timed(run: Callable[[], object]) -> float:
        begin = time.monotonic()
        run()
        return time.monotonic() - begin

    stack().up()
    many: dict[str, Any] = {"dev.test": {}, **{f"d{number}.test": {} for number in range(99)}}
    grown = stack(domains=many, mail={"domain": "dev.test"})
    spent = {
        "preview of 100 new domains": timed(grown.preview),
        "up": timed(grown.up),
        "unchanged up": timed(grown.up),
    }
    with capsys.disabled():
        print("\n".join(f"{what}: {seconds:.1f} s" for what, seconds in spent.items()))
    assert spent["unchanged up"] < 60
