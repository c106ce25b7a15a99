"""Mail leaves through the relay of the stack file over checked TLS, with its login, and never finds half of that."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lib.stalwart import plan, relay, relay_password
from lib.stalwart.change import Change
from lib.stalwart.relay import Relay
from lib.stalwart.wish import parse

from components import topology
from components.settings import SettingsError, check
from components.stalwart import wish as program
from tests.unit.test_settings import SMALL, mistakes
from tests.unit.test_stalwart_plan import WISH, State, carried_out, fresh

RECORDED = Path(__file__).parents[1] / "recordings" / "stalwart" / "50-relay.json"
RELAY = Relay(host="smarthost.relay.test", port=4465, implicit=True, user="customer")
PASSWORD = "not-a-real-one"
FILE = {"host": "smtp.relay.test", "user": "customer"}
SECRET = frozenset({"relay_password"})

RELAYS = st.none() | st.builds(
    Relay,
    host=st.sampled_from(["a.relay.test", "b.relay.test"]),
    port=st.sampled_from([465, 587]),
    implicit=st.booleans(),
    user=st.none() | st.sampled_from(["one", "two"]),
)


def done(state: State, wanted: Relay | None) -> State:
    return carried_out(state, list(relay.changes(state, wanted, PASSWORD)))


def outgoing(state: State) -> dict[str, Any]:
    return state["MtaOutboundStrategy"][0]


def names(state: State, kind: str) -> set[str]:
    return {item["name"] for item in state[kind]}


def test_the_calls_are_those_that_the_real_server_took() -> None:
    asked = json.loads(RECORDED.read_text())["request"]["methodCalls"]
    made = [change.call for change in relay.changes(fresh(), RELAY, PASSWORD)]
    assert [(method, arguments) for method, arguments, _ in asked[:4]] == made


@given(st.lists(RELAYS, max_size=4))
def test_whatever_came_before_the_last_wish_stands_and_is_left_alone(wishes: list[Relay | None]) -> None:
    state = fresh()
    for wanted in wishes:
        state = done(state, wanted)
        assert not list(relay.changes(state, wanted))
        assert outgoing(state)["route"]["else"] == ("'stack-relay'" if wanted else "'mx'")
    if wishes and wishes[-1] is None:
        assert outgoing(state) == outgoing(fresh()), "nothing is left of a relay"
        assert names(state, "MtaRoute") == {"mx", "local"}


def test_own_domains_stay_here() -> None:
    (rule,) = outgoing(done(fresh(), RELAY))["route"]["match"].values()
    assert rule == {"if": "is_local_domain(rcpt_domain)", "then": "'local'"}


def test_no_rule_is_before_what_it_names() -> None:
    kinds = [change.call[0] for change in relay.changes(fresh(), RELAY, PASSWORD)]
    assert kinds.index("x:MtaRoute/set") < kinds.index("x:MtaOutboundStrategy/set")
    kinds = [change.call[0] for change in relay.changes(done(fresh(), RELAY), None)]
    assert kinds.index("x:MtaOutboundStrategy/set") < kinds.index("x:MtaRoute/set")


def test_a_certificate_is_looked_at_on_every_attempt() -> None:
    """The server's own rule goes on without after a failure, and would show the password to whoever caused it."""
    state = done(fresh(), RELAY)
    first = outgoing(state)["tls"]["match"]["0"]
    assert first == {"if": "mx == 'smarthost.relay.test'", "then": "'stack-relay'"}
    strategy = next(item for item in state["MtaTlsStrategy"] if item["name"] == "stack-relay")
    assert (strategy["startTls"], strategy["allowInvalidCerts"]) == ("require", False)


def test_rules_of_a_person_stay() -> None:
    state = fresh()
    mine = {"if": "rcpt_domain == 'partner.test'", "then": "'mine'"}
    outgoing(state)["route"] = {**outgoing(state)["route"], "match": {"0": mine}}
    outgoing(state)["tls"] = {"match": {"0": mine}, "else": "'mine'"}
    with_relay = outgoing(done(state, RELAY))
    assert with_relay["route"]["match"] == {"0": mine}
    assert with_relay["tls"] == {"match": {"0": with_relay["tls"]["match"]["0"], "1": mine}, "else": "'mine'"}
    assert outgoing(done(done(state, RELAY), None)) == outgoing(state)


def secrets(changes: Iterable[Change]) -> list[Any]:
    sent = [value for change in changes for part in change.call[1].values() for value in part.values()]
    return [value["authSecret"] for value in sent if "authSecret" in value]


def test_what_the_server_shows_in_place_of_a_password_is_never_sent_back() -> None:
    state = done(fresh(), RELAY)
    route = next(item for item in state["MtaRoute"] if item["name"] == "stack-relay")
    route["authSecret"]["secret"] = "****"
    assert not secrets(relay.changes(state, replace(RELAY, port=587, implicit=False), PASSWORD))
    assert secrets(relay.changes(state, replace(RELAY, user="other"), PASSWORD)) == [
        {"@type": "Value", "secret": PASSWORD}
    ]
    assert secrets(relay.changes(state, replace(RELAY, user=None), "")) == [{"@type": "None"}]


def test_another_password_is_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = tmp_path / "record"
    monkeypatch.setattr(relay_password, "_RECORD", record)
    assert not relay_password.is_known(RELAY, PASSWORD)
    relay_password.keep(RELAY, PASSWORD)
    assert relay_password.is_known(RELAY, PASSWORD)
    assert not relay_password.is_known(RELAY, "another")
    assert (record.stat().st_mode & 0o777, PASSWORD in record.read_text()) == (0o600, False)
    change = relay.new_password(done(fresh(), RELAY), "another")
    assert change
    assert secrets([change]) == [{"@type": "Value", "secret": "another"}]
    relay_password.keep(None, "")
    assert not record.exists()


def test_the_relay_reaches_the_scripts_without_its_password() -> None:
    settings = check({**SMALL, "mail": {"relay": FILE}, "relay_password": "x"}, SECRET)
    found = parse(program.document(settings, topology.plan(settings)))
    assert found.relay == Relay(host="smtp.relay.test", port=587, implicit=False, user="customer")


def test_a_plan_has_the_relay_among_its_changes() -> None:
    wish = replace(WISH, relay=RELAY)
    state = carried_out(fresh(), plan.missing_domain(fresh(), wish))
    assert "mail leaves through smarthost.relay.test" in {change.what for change in plan.changes(state, wish)}


@pytest.mark.parametrize(
    ("relay_section", "key", "said"),
    [
        ({"host": "smtp.relay.test", "user": "x"}, "relay_password", "is missing: without it smtp.relay.test"),
        ({"host": "out.mail.dev.test"}, "mail.relay.host", "is a name of this cluster"),
        ({"host": "mx1.mail.dev.test"}, "mail.relay.host", "is a name of this cluster"),
        ({"host": "10.0.0.1"}, "mail.relay.host", "an address is not a domain name"),
        ({"host": "smtp.relay.test", "port": 465}, "mail.relay.tls", "port 465 speaks implicit, not starttls"),
        (
            {"host": "smtp.relay.test", "port": 587, "tls": "implicit"},
            "mail.relay.tls",
            "port 587 speaks starttls, not implicit",
        ),
        ({"host": "smtp.relay.test", "tls": "none"}, "mail.relay.tls", "'implicit' or 'starttls'"),
        ({"user": "x"}, "mail.relay.host", "is missing"),
    ],
)
def test_a_relay_that_could_not_work_is_refused(relay_section: dict[str, Any], key: str, said: str) -> None:
    assert said in mistakes(mail={"relay": relay_section})[key]


def test_a_password_needs_somebody_to_log_in() -> None:
    def told(mail: dict[str, Any]) -> dict[str, str]:
        return mistakes_with_secret({**SMALL, "mail": mail, "relay_password": "x"})

    assert "there is no mail.relay" in told({})["relay_password"]
    assert "there is a relay_password" in told({"relay": {"host": "smtp.relay.test"}})["mail.relay.user"]


def mistakes_with_secret(given: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(SettingsError) as refused:
        check(given, SECRET)
    return {mistake.key: mistake.problem for mistake in refused.value.mistakes}
