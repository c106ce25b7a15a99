"""Of spam and limits only what the stack file says is written, what a person set stays, and spared is spared by all."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lib.stalwart import limits
from lib.stalwart.limits import Limits, Spam
from lib.stalwart.wish import parse

from components import topology
from components.settings import check
from components.stalwart import wish as program
from tests.unit.test_settings import SMALL, mistakes
from tests.unit.test_stalwart_plan import State, carried_out, fresh

NODES, PROBE = ("10.0.0.1", "10.0.0.2"), "cluster-probe@dev.test"
OFFICE = "203.0.113.0/24"
COUNTS = st.none() | st.integers(1, 1000)
WISHES = st.tuples(
    st.builds(
        Limits,
        message_size=COUNTS,
        connections=COUNTS,
        per_recipient=COUNTS,
        per_account=COUNTS,
        failed_logins=COUNTS,
        ban_hours=COUNTS,
        allow=st.lists(st.sampled_from([OFFICE, "198.51.100.7/32", "2001:db8::/48", "10.0.0.1/32"]), unique=True),
    ),
    st.builds(Spam, tag=st.none() | st.just(4.5), reject=st.none() | st.just(12.0), discard=st.none() | st.just(9.0)),
)


def done(state: State, wanted: Limits, spam: Spam = Spam()) -> State:  # noqa: B008  # frozen
    return carried_out(state, list(limits.changes(state, wanted, spam, NODES, PROBE)))


def throttle(state: State, *key: str) -> dict[str, Any]:
    return next(item for item in state["MtaInboundThrottle"] if set(item["key"]) == set(key))


@given(st.lists(WISHES, max_size=4))
def test_whatever_came_before_the_last_wish_stands_and_is_left_alone(wishes: list[tuple[Limits, Spam]]) -> None:
    state = fresh()
    for wanted, spam in wishes:
        state = done(state, wanted, spam)
        assert not list(limits.changes(state, wanted, spam, NODES, PROBE))


def test_what_is_not_said_stays_as_a_person_set_it() -> None:
    state = done(fresh(), Limits())
    state["SpamSettings"][0] |= {"scoreSpam": 3.0}
    state["Security"][0] |= {"authBanRate": {"count": 7, "period": 1}}
    throttle(state, "remoteIp")["rate"] = {"count": 99, "period": 1000}
    state["AllowedIp"].append({"id": "x", "address": "192.0.2.1", "reason": "my desk"})
    assert not list(limits.changes(state, Limits(), Spam(), NODES, PROBE))


def test_a_condition_that_a_person_wrote_stays_and_the_rate_of_the_stack_file_is_set() -> None:
    state = fresh()
    throttle(state, "remoteIp")["match"] = {"match": {}, "else": "listener != 'mine'"}
    after = throttle(done(state, Limits(connections=50)), "remoteIp")
    assert (after["match"]["else"], after["rate"]) == ("listener != 'mine'", {"count": 50, "period": 1000})


def test_an_allowed_network_is_spared_by_every_limit_and_is_never_banned() -> None:
    state = done(fresh(), Limits(allow=(OFFICE,), per_account=200))
    spared = f"!is_ip_in_cidr(remote_ip, '{OFFICE}')"
    assert [spared in item["match"]["else"] for item in state["MtaInboundThrottle"]] == [True, True, True]
    assert OFFICE in {item["address"] for item in state["AllowedIp"]}
    gone = done(state, Limits())
    assert not any(spared in item["match"]["else"] for item in gone["MtaInboundThrottle"])
    assert {item["address"] for item in gone["AllowedIp"]} == set(NODES)


def test_the_limit_of_an_account_counts_only_who_logged_in() -> None:
    made = throttle(done(fresh(), Limits(per_account=200)), "authenticatedAs")
    assert made["match"]["else"] == f"!is_empty(authenticated_as) && authenticated_as != '{PROBE}'"
    assert made["rate"] == {"count": 200, "period": 3_600_000}


def test_a_ban_has_an_end_whatever_it_is_for() -> None:
    security = done(fresh(), Limits(ban_hours=24, failed_logins=30))["Security"][0]
    assert {security[f"{what}BanPeriod"] for what in ("auth", "abuse", "loiter", "scan")} == {86_400_000}
    assert security["authBanRate"] == {"count": 30, "period": 86_400_000}


def test_the_largest_mail_is_the_same_by_smtp_and_in_a_mailbox() -> None:
    state = done(fresh(), Limits(message_size=50))
    assert state["MtaStageData"][0]["maxMessageSize"]["else"] == "52428800"
    assert state["Email"][0]["maxMessageSize"] == 52428800


def test_spam_and_limits_reach_the_scripts() -> None:
    mail = {"spam": {"reject": 15}, "limits": {"message_size": "50MiB", "allow": [OFFICE]}}
    settings = check({**SMALL, "mail": mail})
    found = parse(program.document(settings, topology.plan(settings)))
    assert found.spam == Spam(reject=15)
    assert found.limits == replace(Limits(message_size=50), allow=[OFFICE])


@pytest.mark.parametrize(
    ("section", "key", "said"),
    [
        ({"spam": {"tag": 5, "reject": 4}}, "mail.spam.reject", "refused before it could be tagged"),
        ({"spam": {"tag": 5, "discard": 5}}, "mail.spam.discard", "would vanish before it could be tagged"),
        ({"spam": {"reject": 12, "discard": 20}}, "mail.spam.discard", "is never reached"),
        ({"spam": {"tag": 0}}, "mail.spam.tag", "greater than 0"),
        ({"limits": {"message_size": "0MiB"}}, "mail.limits.message_size", "is not between"),
        ({"limits": {"message_size": "2GiB"}}, "mail.limits.message_size", "is not between"),
        ({"limits": {"connections": 0}}, "mail.limits.connections", "greater than or equal to 1"),
        ({"limits": {"allow": ["0.0.0.0/0"]}}, "mail.limits.allow[0]", "is the whole world"),
        ({"limits": {"per_acount": 5}}, "mail.limits.per_acount", "did you mean per_account?"),
    ],
)
def test_what_could_not_be_meant_is_refused(section: dict[str, Any], key: str, said: str) -> None:
    found = mistakes(mail=section)
    assert any(said in text for mistaken, text in found.items() if mistaken.startswith(key)), found
