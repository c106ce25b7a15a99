"""A whole stack whose records go to a real name server by signed updates: made, taken out, and nobody else's touched.

The hosts are written down; the engine, the step that publishes and BIND are real.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dns.query
import dns.rdatatype
import dns.zone
import pytest
from pulumi import automation

from tests.fidelity.bind import KEY, Bind
from tests.rehearsal import workspace
from tests.standins.providers.command import run_local
from tests.standins.providers.kind import Call
from tests.standins.providers.plugins import attached

from .conftest import LAB, Hosts

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]
Updated = Callable[..., automation.Stack]

BESIDE = '@ TXT "site-verification=abc"\nwww A 192.0.2.80\n'
BOTH: dict[str, Any] = {"dev.test": {}, "other.test": {"aliases": ["third.test"]}}


@pytest.fixture
def bind(tmp_path: Path) -> Iterator[Bind]:
    """Three zones that the key may write and one that it may not; each holds somebody's web site."""
    place = tmp_path / "bind"
    place.mkdir()
    running = Bind(place, ["dev.test", "other.test", "third.test"], ["fixed.test"], BESIDE)
    yield running
    running.stop()


@pytest.fixture
def updated(tmp_path: Path, hosts: Hosts, bind: Bind) -> Iterator[Updated]:
    """The stack that writes to this name server, with some values of its file changed."""

    def local(call: Call, inputs: dict[str, Any], text: str) -> tuple[str, str]:
        return (run_local if "dns/publish.sh" in text else hosts)(call, inputs, text)

    with attached(local=local, over_ssh=hosts) as environment:

        def made(
            secret: str = KEY["KEY_SECRET"], dns: dict[str, Any] | None = None, **changed: Any
        ) -> automation.Stack:
            own = {"provider": "rfc2136", "server": bind.server, "tsig_name": KEY["KEY_NAME"], **(dns or {})}
            given = {"domains": BOTH, "mail": {"domain": "dev.test"}, "dns": own, **changed}
            config = LAB | {f"stalwart-cluster:{key}": value for key, value in given.items()}
            stack = workspace.stack(tmp_path / "home", "dev", config, environment)
            stack.set_config("stalwart-cluster:dns_tsig_secret", automation.ConfigValue(secret, secret=True))
            return stack

        yield made


def zone(bind: Bind, name: str) -> set[str]:
    """All records of a zone but its SOA, which counts the updates."""
    transfer = dns.query.xfr("127.0.0.1", name, port=bind.port, timeout=10, relativize=False)
    found = dns.zone.from_xfr(transfer, relativize=False)
    return {
        f"{owner} {rdata.rdtype.name} {rdata.to_text()}"
        for owner, _, rdata in found.iterate_rdatas()
        if rdata.rdtype != dns.rdatatype.SOA
    }


def test_records_come_with_domains_and_go_with_them_and_a_zone_is_in_the_end_as_it_was(
    updated: Updated, hosts: Hosts, bind: Bind
) -> None:
    before = {name: zone(bind, name) for name in ("dev.test", "other.test", "third.test")}
    updated().up()
    for name, there in before.items():
        mail = {f"{name}. MX 10 mx{index}.mail.dev.test." for index in (1, 2, 3)}
        assert there | mail <= zone(bind, name)
    ours = zone(bind, "dev.test")
    hosts.names()

    assert set(updated().up().summary.resource_changes or {}) == {"same"}

    updated(domains={"dev.test": {}, "other.test": {}}).up()
    assert zone(bind, "third.test") == before["third.test"], "the alias that was taken out, and nothing else"
    assert before["other.test"] < zone(bind, "other.test")

    updated(domains={"dev.test": {"dmarc": "quarantine"}}).up()
    assert zone(bind, "other.test") == before["other.test"]
    policy = '_dmarc.dev.test. TXT "v=DMARC1; p={}; rua=mailto:postmaster@dev.test"'
    assert zone(bind, "dev.test") ^ ours == {policy.format("none"), policy.format("quarantine")}

    updated(domains={"dev.test": {}}).destroy()
    assert {name: zone(bind, name) for name in before} == before


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"secret": "YWFh"},
            ["dns_tsig_secret: 127.0.0.1:PORT has another secret for the key mail-key", "take the one of the server's"],
        ),
        (
            {"dns": {"tsig_name": "other"}},
            ["dns.tsig_name: 127.0.0.1:PORT does not know the key other", "compare name and algorithm"],
        ),
        (
            {"domains": {"dev.test": {}, "fixed.test": {}, "nowhere.test": {}}},
            [
                "dns.tsig_name: 127.0.0.1:PORT does not let the key mail-key write the zone fixed.test",
                "dns.zones: 127.0.0.1:PORT does not hold the zone nowhere.test",
                "create it there, or name the zones that it holds",
            ],
        ),
        (
            {"dns": {"server": "127.0.0.1:1"}},
            ["dns.server: 127.0.0.1:1 does not answer", "is it right", "silent_name_server"],
        ),
    ],
)
def test_a_name_server_that_is_not_ours_is_refused_in_a_preview(
    updated: Updated, hosts: Hosts, bind: Bind, given: dict[str, Any], told: list[str]
) -> None:
    with pytest.raises(automation.CommandError) as refused:
        updated(**given).preview()
    for sentence in told:
        assert sentence.replace("PORT", str(bind.port)) in str(refused.value)
    assert "Traceback" not in str(refused.value)
    assert KEY["KEY_SECRET"] not in str(refused.value)
    assert hosts.names() == []


def test_a_domain_whose_mail_goes_to_somebody_else_is_refused_before_a_host_is_touched(
    updated: Updated, hosts: Hosts, tmp_path: Path
) -> None:
    place = tmp_path / "moving"
    place.mkdir()
    moving = Bind(place, ["dev.test", "other.test"], beside="@ MX 0 mail.provider.test.\n")
    try:
        there = zone(moving, "dev.test")
        changed: dict[str, Any] = {"domains": {"dev.test": {}, "other.test": {}}, "dns": {"server": moving.server}}
        with pytest.raises(automation.CommandError) as refused:
            updated(**changed).up()
        for name in ("dev.test", "other.test"):
            expected = f'domains["{name}"]: its zone says otherwise: {name} MX 0 mail.provider.test. (take it out there'
            assert expected in str(refused.value)
        assert hosts.names() == []
        assert zone(moving, "dev.test") == there

        updated(**changed, allow=["replace_records"]).up()
        assert "dev.test. MX 10 mx1.mail.dev.test." in zone(moving, "dev.test")
        assert "dev.test. MX 0 mail.provider.test." not in zone(moving, "dev.test")
    finally:
        moving.stop()
