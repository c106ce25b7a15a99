"""`make verify`: what is read from a stack and its zones, what setup answers must hold, how results are told."""

import importlib.util
import io
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lib.verify import setup, zones
from lib.verify.check import Wrong, each, judged, made

from components.dns.names import Record
from components.dns.zone_file import zone_file
from tools.verify import __main__ as command
from tools.verify.catalogue import NOT_MADE, RIGHT, SENTENCES, WRONG, Check, every
from tools.verify.table import document, render
from tools.verify.zones import Zones

ZONE = zone_file(
    "dev.test",
    [
        Record(name="@", type="MX", ttl=300, values=("10 mx2.mail.dev.test.", "10 mx1.mail.dev.test.")),
        Record(name="mx1.mail", type="A", ttl=300, values=("10.0.0.11",)),
        Record(name="_mta-sts", type="TXT", ttl=300, values=("v=STSv1; id=abc;",)),
        Record(name="k._domainkey", type="TXT", ttl=300, values=("v=DKIM1; p=" + "A" * 400,)),
    ],
)


def test_zones_are_read_as_they_were_written() -> None:
    found = Zones({"dev.test": ZONE})
    assert found.exchangers("dev.test") == ["mx1.mail.dev.test", "mx2.mail.dev.test"]
    assert found.addresses("mx1.mail.dev.test") == ["10.0.0.11"]
    assert found.txt("_mta-sts.dev.test") == ["v=STSv1; id=abc;"]
    assert found.txt("k._domainkey.dev.test") == ["v=DKIM1; p=" + "A" * 400]
    assert found.exchangers("other.test") == []


def test_a_name_server_gets_one_beginning_per_zone() -> None:
    """Whether the text has one of its own or not."""
    begun = ZONE.replace("$ORIGIN dev.test.\n", "$ORIGIN dev.test.\n@ 60 IN SOA a. b. 1 2 3 4 5\n@ 60 IN NS a.\n")
    for text in (ZONE, begun):
        served = zones.forward("dev.test", text, "@ 60 IN SOA ns. h. 1 2 3 4 5\n@ 60 IN NS ns.world.test.")
        assert served.count(" SOA ") == 1
        assert served.count(" NS ") == 1
        assert " MX 10 mx1.mail.dev.test." in served


@pytest.mark.parametrize(
    ("network", "zone"),
    [
        ("10.77.0.0/24", "0.77.10.in-addr.arpa"),
        ("10.81.0.0/16", "81.10.in-addr.arpa"),
        ("10.81.16.0/20", "81.10.in-addr.arpa"),
    ],
)
def test_reverse_names_stand_in_the_zone_of_whole_octets(network: str, zone: str) -> None:
    assert zones.reverse_zone(network) == zone


def test_a_reverse_name_is_written_for_each_address() -> None:
    text = zones.reverse("10.77.0.0/24", {"10.77.0.11": "out.mail.dev.test"}, "@ 60 IN SOA a. b. 1 2 3 4 5")
    assert "11.0.77.10.in-addr.arpa. 60 IN PTR out.mail.dev.test." in text


AUTOCONFIG = """<clientConfig version="1.1"><emailProvider id="d">
<incomingServer type="imap"><hostname>mail.dev.test</hostname><port>993</port></incomingServer>
<outgoingServer type="smtp"><hostname>mail.dev.test</hostname><port>465</port></outgoingServer>
</emailProvider></clientConfig>"""


def test_autoconfig_must_name_where_to_read_and_to_hand_in() -> None:
    judge = setup.judge(setup.autoconfig, 200, AUTOCONFIG, "mx1", "mail.dev.test")
    assert judge == {("imap", "mail.dev.test", 993), ("smtp", "mail.dev.test", 465)}


@pytest.mark.parametrize(
    ("status", "text", "said"),
    [
        (404, AUTOCONFIG, "answered with 404"),
        (200, "<html>", "no program reads"),
        (200, AUTOCONFIG.replace("993", "143"), "not told of imap at mail.dev.test:993"),
        (200, AUTOCONFIG.replace("mail.dev.test", "mx1"), "not told of imap"),
        (200, AUTOCONFIG.replace("<port>465</port>", ""), "no program reads"),
    ],
)
def test_autoconfig_that_leads_elsewhere_is_wrong(status: int, text: str, said: str) -> None:
    with pytest.raises(Wrong, match=said):
        setup.judge(setup.autoconfig, status, text, "mx1", "mail.dev.test")


POLICY = "version: STSv1\r\nmode: enforce\r\nmax_age: 604800\r\nmx: mx1.dev.test\r\nmx: mx2.dev.test\r\n"


def test_a_policy_must_name_the_exchangers_of_dns() -> None:
    assert setup.mta_sts(POLICY, ["mx1.dev.test", "mx2.dev.test"], "mx1").startswith("enforce, ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (POLICY.replace("enforce", "none"), "no policy that a sender would follow"),
        (POLICY.replace("mx: mx2.dev.test\r\n", ""), "the policy names mx1.dev.test, DNS has"),
        (POLICY.replace("604800", "60"), "forgotten after 60 s"),
        ("", "no policy"),
    ],
)
def test_a_policy_that_senders_cannot_use_is_wrong(text: str, said: str) -> None:
    with pytest.raises(Wrong, match=said):
        setup.mta_sts(text, ["mx1.dev.test", "mx2.dev.test"], "mx1")


def test_all_failures_of_a_check_are_told_together() -> None:
    def work(item: int) -> int:
        if item % 2:
            raise ValueError(f"{item} is odd")
        return item

    assert each(work, [2, 4]) == [2, 4]
    with pytest.raises(Wrong, match="1 is odd; 3 is odd"):
        each(work, [1, 2, 3])


def test_a_check_that_breaks_is_wrong_and_says_why() -> None:
    def broken() -> str:
        raise OSError("no route")

    assert made("sieve", broken)["result"] == "wrong"
    assert made("sieve", broken)["detail"] == "no route"
    assert judged("incoming", 1, ["lost"], "all here")["result"] == "wrong"
    assert judged("incoming", 1, [], "all here") == {
        "name": "incoming", "result": "right", "seconds": 1, "detail": "all here",
    }  # fmt: skip


@given(st.lists(st.sampled_from(sorted(SENTENCES)), unique=True))
def test_every_check_is_told_once_in_its_order(names: list[str]) -> None:
    told = every([Check(name, RIGHT, 1.0, "seen") for name in names], "why not")
    assert [check.name for check in told] == list(SENTENCES)
    assert {check.name for check in told if check.result == NOT_MADE} == set(SENTENCES) - set(names)


def test_what_is_wrong_stands_out_and_what_was_not_made_says_why() -> None:
    checks = every([Check("proof", RIGHT, 2.0, "6 pairs"), Check("forged", WRONG, 0.2, "in the inbox")], "no world")
    text = render(checks, rehearsal=False)
    assert "WRONG  forged" in text
    assert "in the inbox" in text
    assert "1 right, 1 wrong" in text
    told = document(checks, rehearsal=False)
    assert told["well"] is False
    assert {check["name"] for check in told["checks"]} == set(SENTENCES)
    assert json.loads(json.dumps(told)) == told


def test_a_stack_that_is_not_there_is_no_failure_of_mail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["verify"])
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert command.main() == 2
    assert "make up" in capsys.readouterr().err


@pytest.fixture
def accounts(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script of the accounts, without running it."""
    given = {"NODE": "mx1", "ADMIN_LOGIN": "a@dev.test", "ADMIN_PASSWORD": "x", "NODES": "{}", "ACCOUNTS": "{}"}
    for name, value in {**given, "ENDED": ""}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("lib.console.run", lambda _: None)
    place = Path(__file__).parents[2] / "scripts" / "verify" / "accounts.py"
    spec = importlib.util.spec_from_file_location("verify_accounts", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


NOW = 0x6B066000


def account(name: str, **changed: Any) -> dict[str, Any]:
    return {"name": name, "description": "Verifies delivery; removed at the end", **changed}


def test_only_accounts_of_a_verification_are_removed(accounts: ModuleType) -> None:
    mine, lately, old = (f"verify-{moment:08x}-0123456789ab" for moment in (NOW - 90, NOW - 60, NOW - 4000))
    assert accounts.is_ours(account(mine), mine, NOW)
    assert accounts.is_ours(account(old), mine, NOW), "what an interrupted one left"
    assert not accounts.is_ours(account(lately), mine, NOW), "another one may be at work"
    assert not accounts.is_ours(account(old, description="Vera Ify"), mine, NOW), "a person"


@pytest.mark.parametrize("name", ["verify", "verify-abc", "verify-me-please", "Verify-6b066000-0123456789ab"])
def test_no_person_is_taken_for_a_verification(accounts: ModuleType, name: str) -> None:
    assert not accounts.is_ours(account(name), "verify-", NOW)
