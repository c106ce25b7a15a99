"""Records written by signed updates to a real name server: made, changed, removed, and nobody else's ever touched."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.query
import dns.tsig
import dns.update
import pytest

from components.remote.script import Script
from tests.fidelity.bind import CHALLENGE_KEY, KEY, ROOT, Bind, environment

WANTED = [
    {"name": "@", "type": "TXT", "ttl": 300, "values": ['"v=spf1 a:out.mail.example.org -all"']},
    {"name": "@", "type": "MX", "ttl": 300, "values": ["10 mx1.mail.example.org.", "10 mx2.mail.example.org."]},
    {"name": "mx1.mail", "type": "A", "ttl": 300, "values": ["192.0.2.1"]},
    {"name": "mx2.mail", "type": "A", "ttl": 300, "values": ["192.0.2.2"]},
    {"name": "autoconfig", "type": "CNAME", "ttl": 300, "values": ["mail.example.org."]},
    {
        "name": "k1._domainkey",
        "type": "TXT",
        "ttl": 300,
        "values": ['"v=DKIM1; p=' + "A" * 200 + '" "' + "B" * 90 + '"'],
    },
]


class Publisher:
    """The step as the engine runs it: the output of one run is known to the next."""

    def __init__(self, bind: Bind, zone: str) -> None:
        self.bind, self.zone, self.made = bind, zone, ""

    def run(self, action: str, records: list[dict[str, Any]], **more: str) -> tuple[int, str, str]:
        given = {
            "ZONE": self.zone,
            "RECORDS": json.dumps(records),
            "REPLACE": "",
            "SERVER": self.bind.server,
            **KEY,
            **more,
        }
        env = environment() | ({"PULUMI_COMMAND_STDOUT": self.made} if self.made else {})
        payload = Script("dns/publish.sh").payload(given)
        done = subprocess.run(
            ["bash", "-s", "--", action], input=payload, env=env, cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode == 0 and action == "up":
            self.made = done.stdout.strip()
        return done.returncode, done.stdout, done.stderr

    def up(self, records: list[dict[str, Any]], **more: str) -> str:
        code, _, told = self.run("up", records, **more)
        assert code == 0, told
        return told

    def down(self, records: list[dict[str, Any]]) -> None:
        code, _, told = self.run("down", records)
        assert code == 0, told

    def refused(self, records: list[dict[str, Any]], **more: str) -> str:
        code, _, told = self.run("up", records, **more)
        assert code == 1
        return told


@pytest.fixture
def bind(tmp_path: Path) -> Iterator[Bind]:
    """Two zones that the key may write, by either kind of permission; one that it may not; a wildcard in each."""
    running = Bind(
        tmp_path, ["example.org", "example.net"], ["fixed.org"], '* A 192.0.2.99\n@ TXT "site-verification=abc"\n'
    )
    yield running
    running.stop()


def somebody_else(bind: Bind, zone: str, *records: tuple[str, str, str]) -> None:
    key = dns.tsig.Key(KEY["KEY_NAME"], KEY["KEY_SECRET"], KEY["KEY_ALGORITHM"])
    message = dns.update.UpdateMessage(zone)
    message.use_tsig(key)
    for name, kind, value in records:
        message.add(name, 60, kind, value)
    assert dns.query.tcp(message, "127.0.0.1", port=bind.port, timeout=5).rcode() == 0


@pytest.mark.parametrize("zone", ["example.org", "example.net"])
def test_records_are_made_changed_in_place_and_removed_and_others_stay(bind: Bind, zone: str) -> None:
    publisher = Publisher(bind, zone)
    records = json.loads(json.dumps(WANTED).replace("example.org", zone))
    publisher.up(records)
    assert bind.values(zone, "MX") == {f"10 mx1.mail.{zone}.", f"10 mx2.mail.{zone}."}
    assert bind.values(zone, "TXT") == {f'"v=spf1 a:out.mail.{zone} -all"', '"site-verification=abc"'}
    assert bind.values(f"autoconfig.{zone}", "CNAME") == {f"mail.{zone}."}

    assert "written" not in publisher.up(records), "a second run writes nothing"

    records[1]["values"] = [f"10 mx1.mail.{zone}."]
    records[2]["values"] = ["192.0.2.7"]
    told = publisher.up([record for record in records if record["name"] != "mx2.mail"])
    assert "1 records written, 3 taken out" in told
    assert bind.values(zone, "MX") == {f"10 mx1.mail.{zone}."}
    assert bind.values(f"mx1.mail.{zone}", "A") == {"192.0.2.7"}

    publisher.down(records)
    assert bind.values(zone, "MX") == set()
    assert bind.values(zone, "TXT") == {'"site-verification=abc"'}
    assert bind.values(f"autoconfig.{zone}", "A") == {"192.0.2.99"}, "the wildcard is in force again"
    assert bind.values(f"mx1.mail.{zone}", "A") == {"192.0.2.99"}


def test_what_somebody_else_made_is_told_and_nothing_at_all_is_written(bind: Bind) -> None:
    somebody_else(
        bind, "example.org", ("@", "TXT", '"v=spf1 mx -all"'), ("@", "MX", "5 ns"), ("autoconfig", "A", "192.0.2.5")
    )
    told = Publisher(bind, "example.org").refused(WANTED)
    for record in (
        'example.org TXT "v=spf1 mx -all"',
        "example.org MX 5 ns.example.org.",
        "autoconfig.example.org A 192.0.2.5",
    ):
        assert record in told
    assert "site-verification" not in told
    assert "replace_records" in told
    assert bind.values("mx1.mail.example.org", "A") == {"192.0.2.99"}


def test_what_somebody_else_made_is_replaced_where_the_stack_file_allows_it(bind: Bind) -> None:
    somebody_else(
        bind, "example.org", ("@", "TXT", '"v=spf1 mx -all"'), ("@", "MX", "5 ns"), ("autoconfig", "A", "192.0.2.5")
    )
    Publisher(bind, "example.org").up(WANTED, REPLACE="yes")
    assert bind.values("example.org", "MX") == {"10 mx1.mail.example.org.", "10 mx2.mail.example.org."}
    assert bind.values("example.org", "TXT") == {'"v=spf1 a:out.mail.example.org -all"', '"site-verification=abc"'}
    assert bind.values("autoconfig.example.org", "CNAME") == {"mail.example.org."}


def test_what_was_there_as_it_is_wanted_stays_when_the_stack_goes(bind: Bind) -> None:
    somebody_else(bind, "example.org", ("mx1.mail", "A", "192.0.2.1"))
    publisher = Publisher(bind, "example.org")
    publisher.up(WANTED)
    publisher.down(WANTED)
    assert bind.values("mx1.mail.example.org", "A") == {"192.0.2.1"}
    assert bind.values("mx2.mail.example.org", "A") == set()


def test_what_was_taken_out_by_hand_is_written_again(bind: Bind) -> None:
    publisher = Publisher(bind, "example.org")
    publisher.up(WANTED)
    made, publisher.made = publisher.made, publisher.made
    publisher.down([])
    publisher.made = made
    assert "7 records written" in publisher.up(WANTED)


def checked(bind: Bind, *zones: str, **more: str) -> list[dict[str, str]]:
    domains = {zone: {"zone": zone, "key": f'domains["{zone}"]'} for zone in zones}
    given = {
        "ZONES": " ".join(zones),
        "SERVER": bind.server,
        "DOMAINS": json.dumps(domains),
        "HOSTNAME": "mail.example.org",
        "REPLACE": "",
        **KEY,
        **more,
    }
    payload = Script("dns/publish.sh").payload(given)
    done = subprocess.run(
        ["bash", "-s", "--", "check"],
        input=payload,
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


def test_a_key_for_challenges_alone_writes_those_and_nothing_else(bind: Bind) -> None:
    assert checked(bind, "example.org", **CHALLENGE_KEY) == []
    challenge = [{"name": "_acme-challenge.mail", "type": "TXT", "ttl": 60, "values": ['"proof"']}]
    Publisher(bind, "example.org").up(challenge, **CHALLENGE_KEY)
    assert bind.values("_acme-challenge.mail.example.org", "TXT") == {'"proof"'}
    address = [{"name": "mail", "type": "A", "ttl": 60, "values": ["192.0.2.1"]}]
    told = Publisher(bind, "example.org").refused(address, **CHALLENGE_KEY)
    assert "may the key write all names and types of the zone?" in told


def test_zones_that_are_ours_are_found_so_by_either_kind_of_permission(bind: Bind) -> None:
    before = bind.values("example.org", "SOA")
    assert checked(bind, "example.org", "example.net") == []
    assert bind.values("example.org", "SOA") == before, "nothing is written"


@pytest.mark.parametrize(
    ("zone", "given", "key", "words"),
    [
        ("fixed.org", {}, "dns.tsig_name", "does not let the key mail-key write the zone fixed.org (REFUSED)"),
        ("sub.example.org", {}, "dns.zones", "holds sub.example.org as a part of the zone example.org"),
        ("example.com", {}, "dns.zones", "does not hold the zone example.com (it answers REFUSED)"),
        ("example.org", {"KEY_SECRET": "YWFh"}, "dns_tsig_secret", "has another secret for the key mail-key"),
        ("example.org", {"KEY_NAME": "other"}, "dns.tsig_name", "does not know the key other for hmac-sha256"),
        (
            "example.org",
            {"KEY_ALGORITHM": "hmac-sha512"},
            "dns.tsig_name",
            "does not know the key mail-key for hmac-sha512",
        ),
        ("example.org", {"SERVER": "127.0.0.1:1"}, "", "127.0.0.1:1 does not answer"),
    ],
)
def test_a_zone_that_is_not_ours_is_told_with_the_key_of_the_stack_file(
    bind: Bind, zone: str, given: dict[str, str], key: str, words: str
) -> None:
    (mistake,) = checked(bind, zone, **given)
    assert mistake["key"] == key
    assert words in mistake["problem"]
    assert mistake["remedy"]


OUR_SPF = ("@", "TXT", '"v=spf1 a:out.mail.example.org -all"')
FORMER = (("@", "TXT", '"v=spf1 a:out.old.test include:relay.test -all"'), ("@", "MX", "10 mx1.old.test."))


@pytest.mark.parametrize(
    ("there", "told"),
    [
        ([], ""),
        ([OUR_SPF, ("@", "MX", "10 mx7.mail.example.org.")], ""),
        (FORMER, ""),
        ([("@", "MX", "10 mx1.old.test.")], "example.org MX 10 mx1.old.test."),
        ([OUR_SPF, ("@", "MX", "0 mail.provider.test.")], "example.org MX 0 mail.provider.test."),
        ([("@", "TXT", '"v=spf1 mx -all"')], 'example.org TXT "v=spf1 mx -all"'),
        ([("@", "TXT", '"another-verification"')], ""),
        ([("_dmarc", "TXT", '"v=DMARC1; p=none"')], ""),
    ],
)
def test_a_domain_whose_mail_is_somebody_elses_is_told_before_anything_is_made(
    bind: Bind, there: list[tuple[str, str, str]], told: str
) -> None:
    """Records of the form that the stack makes, below a hostname of before, may be ours: the step looks at them."""
    if there:
        somebody_else(bind, "example.org", *there)
    found = checked(bind, "example.org", "example.net")
    assert [one["key"] for one in found] == (['domains["example.org"]'] if told else [])
    if told:
        assert told in found[0]["problem"]
        assert "replace_records" in found[0]["remedy"]
    assert checked(bind, "example.org", "example.net", REPLACE="yes") == []


def test_the_secret_is_in_no_argument_and_in_nothing_that_is_said(bind: Bind) -> None:
    code, out, told = Publisher(bind, "fixed.org").run("up", WANTED)
    assert code == 1
    assert KEY["KEY_SECRET"] not in out + told
