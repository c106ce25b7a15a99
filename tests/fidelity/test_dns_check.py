"""`make dns-check` against name servers: what is right, missing or different, what to enter, and an end in time."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dns.name
import pytest

from components.dns.names import Address, MailDomain, MailNames
from components.dns.records import records
from components.dns.zone_file import zone_file
from components.dns.zones import by_zone
from tests.standins.dns.server import NameServer
from tools.dns_check.document import document
from tools.dns_check.finding import Finding, State
from tools.dns_check.look import Seen, look
from tools.dns_check.table import render
from tools.dns_check.wanted import Wanted, wanted

ROOT = Path(__file__).parents[2]
HOSTNAME, OUTGOING = "mail.example.org", "out.mail.example.org"
MX1, MX2 = Address(type="A", value="192.0.2.1"), Address(type="A", value="192.0.2.2")
NAMES = MailNames(
    hostname=HOSTNAME,
    outgoing=OUTGOING,
    exchangers=(f"mx1.{HOSTNAME}", f"mx2.{HOSTNAME}"),
    addresses={
        f"mx1.{HOSTNAME}": (MX1,),
        f"mx2.{HOSTNAME}": (MX2,),
        HOSTNAME: (MX1, MX2),
        OUTGOING: (MX1, MX2),
    },
    domains=(
        MailDomain(name="example.org", dkim=(("k1", "v=DKIM1; k=rsa; p=" + "A" * 300),)),
        MailDomain(name="example.net"),
    ),
    sieve=False,
    submission=False,
    reports="postmaster",
    caa=("letsencrypt.org",),
    mta_sts="testing",
    ttl=300,
)
REVERSE = {"2.0.192.in-addr.arpa": f"1 PTR {OUTGOING}.\n2 PTR {OUTGOING}.\n"}
TEXTS = {
    zone: zone_file(zone, found) for zone, found in by_zone(records(NAMES), ("example.org", "example.net")).items()
}


def exported(**asked: Any) -> dict[str, Any]:
    told = {"outgoing": OUTGOING, "resolvers": [], "server": None, **asked}
    outputs = {"dns_records": TEXTS, "dns": told}
    return {"deployment": {"resources": [{"type": "pulumi:pulumi:Stack", "urn": "x::y", "outputs": outputs}]}}


class World:
    """The name servers of the domains, and a resolver of the world. What they hold may be changed."""

    def __init__(self, stack: ExitStack) -> None:
        self.zones = {"primary": dict(TEXTS), "resolver": {**TEXTS, **REVERSE}}
        self._servers = {name: stack.enter_context(NameServer(zones)) for name, zones in self.zones.items()}

    def look(self) -> Seen:
        for name, zones in self.zones.items():
            self._servers[name].serve(zones)
        return look(self.want)

    @property
    def want(self) -> Wanted:
        places = {name: f"127.0.0.1:{server.port}" for name, server in self._servers.items()}
        found = wanted(exported(server=places["primary"], resolvers=[places["resolver"]]))
        assert found
        return found

    def edit(self, zone: str, old: str, new: str, *servers: str) -> None:
        for name in servers or ("primary", "resolver"):
            assert old in self.zones[name][zone]
            self.zones[name][zone] = self.zones[name][zone].replace(old, new)


@pytest.fixture
def world() -> Iterator[World]:
    with ExitStack() as stack:
        yield World(stack)


def wrong(seen: Seen) -> list[Finding]:
    return [finding for finding in seen.findings if not finding.right]


def test_all_is_right_where_everybody_has_every_record(world: World) -> None:
    seen = world.look()
    assert wrong(seen) == []
    assert render(seen).endswith("all is right")
    assert document(seen)["right"] is True
    assert len(seen.findings) == sum(len(found) for found in world.want.zones.values()) + 2


def test_a_record_that_is_not_there_is_missing_and_can_be_pasted(world: World) -> None:
    world.edit("example.net", "_dmarc 300 IN TXT", "_other 300 IN TXT")
    (finding,) = wrong(world.look())
    assert (finding.name, finding.type, finding.state) == ("_dmarc.example.net", "TXT", State.MISSING)
    assert finding.enter == ('_dmarc.example.net. 300 IN TXT "v=DMARC1; p=none; rua=mailto:postmaster@example.net"',)
    assert f"enter: {finding.enter[0]}" in render(world.look())


def test_names_that_lead_elsewhere_are_different_and_what_is_there_is_shown(world: World) -> None:
    world.edit("example.net", "@ 300 IN MX 10 mx1.mail.example.org.", "@ 300 IN MX 5 old.example.com.")
    (finding,) = wrong(world.look())
    assert finding.state is State.DIFFERENT
    assert finding.there == ("10 mx2.mail.example.org.", "5 old.example.com.")
    assert finding.enter == (
        "example.net. 300 IN MX 10 mx1.mail.example.org.",
        "example.net. 300 IN MX 10 mx2.mail.example.org.",
    )


def test_what_only_a_resolver_has_not_yet_is_told_with_its_name(world: World) -> None:
    world.edit("example.net", "@ 300 IN TXT", "other 300 IN TXT", "resolver")
    (finding,) = wrong(world.look())
    assert finding.state is State.MISSING
    assert world.want.resolvers[0] in finding.why
    assert str(world.want.server) not in finding.why


def test_a_key_is_told_in_vain_by_a_zone_that_is_not_signed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    line = f"_25._tcp.mx1.mail 300 IN TLSA 3 1 1 {'ab' * 32}\n"
    monkeypatch.setitem(TEXTS, "example.org", TEXTS["example.org"] + line)
    world.edit("example.org", "@ 300 IN MX", f"{line}@ 300 IN MX")
    (finding,) = wrong(world.look())
    assert (finding.type, finding.state) == ("TLSA", State.DIFFERENT)
    assert "the zone is not signed" in finding.why
    signed = f"@ 300 IN DS 1 13 2 {'cd' * 32}\n"
    world.edit("example.org", line, line + signed, "resolver")
    assert wrong(world.look()) == []


@pytest.mark.parametrize(
    ("zone", "name", "beside", "words"),
    [
        ("example.net", "@", '"v=spf1 mx -all"', "a second v=spf1"),
        ("example.net", "_dmarc", '"v=DMARC1; p=reject"', "a second v=dmarc1"),
    ],
)
def test_a_second_policy_beside_ours_is_found(world: World, zone: str, name: str, beside: str, words: str) -> None:
    world.edit(zone, "$ORIGIN example.net.\n", f"$ORIGIN example.net.\n{name} 300 IN TXT {beside}\n")
    (finding,) = wrong(world.look())
    assert words in finding.why


def test_texts_of_others_and_authorities_of_others_do_no_harm(world: World) -> None:
    world.edit("example.net", "$ORIGIN example.net.\n", '$ORIGIN example.net.\n@ 300 IN TXT "site-verification=1"\n')
    world.edit(
        "example.org", "$ORIGIN example.org.\n", '$ORIGIN example.org.\nmail 300 IN CAA 0 iodef "mailto:a@b.test"\n'
    )
    assert wrong(world.look()) == []


def test_a_provider_that_writes_addresses_in_place_of_an_alias_is_right(world: World) -> None:
    addresses = "autoconfig 300 IN A 192.0.2.1\nautoconfig 300 IN A 192.0.2.2\n"
    world.edit("example.net", "autoconfig 300 IN CNAME mail.example.org.\n", addresses)
    assert wrong(world.look()) == []


def test_an_exchanger_that_is_an_alias_is_refused_by_receivers(world: World) -> None:
    world.edit("example.org", "mx1.mail 300 IN A 192.0.2.1\n", "mx1.mail 300 IN CNAME mail\n")
    world.edit("example.org", 'mx1.mail 300 IN TXT "v=spf1 a -all"\n', "")
    found = {(finding.name, finding.type): finding for finding in wrong(world.look())}
    assert "is an alias" in found["example.net", "MX"].why
    assert found["mx1.mail.example.org", "A"].state is State.MISSING


@pytest.mark.parametrize(
    ("reverse", "state", "words"),
    [
        (f"1 PTR {OUTGOING}.\n", State.MISSING, "who gave you the address"),
        (f"1 PTR {OUTGOING}.\n2 PTR static.host.example.com.\n", State.DIFFERENT, "greeting"),
        (f"1 PTR {OUTGOING}.\n2 PTR {OUTGOING}.\n2 PTR mx2.{HOSTNAME}.\n", State.DIFFERENT, "greeting"),
    ],
)
def test_a_reverse_name_that_is_not_the_name_of_the_greeting_is_told(
    world: World, reverse: str, state: State, words: str
) -> None:
    world.zones["resolver"]["2.0.192.in-addr.arpa"] = reverse
    (finding,) = wrong(world.look())
    assert (finding.name, finding.type, finding.state) == ("192.0.2.2", "PTR", state)
    assert words in finding.why
    assert finding.enter == (f"2.2.0.192.in-addr.arpa. IN PTR {OUTGOING}.",)


def test_a_reverse_name_that_does_not_lead_back_is_told(world: World) -> None:
    world.edit("example.org", "out.mail 300 IN A 192.0.2.2\n", "", "resolver")
    found = {(finding.name, finding.type): finding for finding in wrong(world.look())}
    assert "does not lead back" in found["192.0.2.2", "PTR"].why


def test_a_server_that_does_not_hold_the_zone_is_no_witness(world: World) -> None:
    del world.zones["primary"]["example.net"]
    assert wrong(world.look()) == [], "the resolver has everything"
    del world.zones["resolver"]["example.net"]
    assert {finding.state for finding in wrong(world.look())} == {State.UNKNOWN}


def test_it_ends_in_time_when_nobody_answers() -> None:
    with ExitStack() as stack:
        silent = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(3)]
        for one in silent:
            one.bind(("127.0.0.1", 0))
        places = [f"127.0.0.1:{one.getsockname()[1]}" for one in silent]
        want = wanted(exported(server=places[0], resolvers=places[1:]))
        assert want
        begun = time.monotonic()
        seen = look(want)
        assert time.monotonic() - begun < 40
    assert {finding.state for finding in seen.findings} == {State.UNKNOWN}
    assert "does not answer" in render(seen)


def run(given: str, *options: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "tools.dns_check", *options]
    return subprocess.run(line, input=given, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_exit_code_says_whether_all_is_right(world: World) -> None:
    world.look()
    want = world.want
    state = json.dumps(exported(server=want.server, resolvers=list(want.resolvers)))
    done = run(state, "--format", "json")
    assert (done.returncode, json.loads(done.stdout)["right"]) == (0, True)
    world.edit("example.net", "_dmarc 300 IN TXT", "_other 300 IN TXT")
    world.look()
    done = run(state, "--format", "json")
    assert done.returncode == 1
    assert [item["name"] for item in json.loads(done.stdout)["records"] if item["state"] != "right"] == [
        "_dmarc.example.net"
    ]


@pytest.mark.parametrize("given", ["", "null", "{}", json.dumps({"deployment": {"resources": []}})])
def test_a_stack_without_records_is_told_so(given: str) -> None:
    done = run(given)
    assert (done.returncode, done.stdout) == (2, "")
    assert "make up" in done.stderr


def test_the_addresses_that_send_are_those_of_the_name_that_greets(world: World) -> None:
    assert set(world.want.addresses) == {"192.0.2.1", "192.0.2.2"}
    assert world.want.outgoing == dns.name.from_text(OUTGOING)
