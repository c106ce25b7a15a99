"""The difference between what the mail server has and what it shall have, and nothing but the difference."""

import json
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from lib.stalwart import plan
from lib.stalwart.change import Change
from lib.stalwart.wish import Wish, parse

from components import topology
from components.dns.mta_sts import MAX_AGE_SECONDS
from components.settings import check
from components.stalwart import wish as program
from tests.standins.stalwart.defaults import FIELDS, first_objects

RECORDINGS = Path(__file__).parents[1] / "recordings" / "stalwart"

WISH = Wish(
    hostname="mail.dev.test",
    outgoing="out.mail.dev.test",
    exchangers=("mx1.mail.dev.test", "mx2.mail.dev.test"),
    proxies=(),
    domain="dev.test",
    admin="admin",
    probe="cluster-probe",
    submission=False,
    coordinators=("10.0.0.1:4222", "10.0.0.2:4222"),
    nodes=("10.0.0.1", "10.0.0.2"),
    sieve=False,
    mta_sts="none",
    downloads=True,
)
State = dict[str, list[dict[str, Any]]]
_NUMBERS = count()


def fresh() -> State:
    """What a first start leaves: singletons have their defaults, lists what is made where nothing is."""
    found: State = {name: [] for name in ("Domain", *plan.TYPES)}
    for index, (name, value) in enumerate(first_objects()):
        found.setdefault(name, []).append({**value, "id": f"i{index}"})
    for name in (
        "SystemSettings",
        "MtaSts",
        "Coordinator",
        "Email",
        "SpamSettings",
        "Asn",
        "MtaOutboundStrategy",
        "MtaStageData",
        "Security",
        "SenderAuth",
    ):
        found[name] = [{**FIELDS[name], "id": "singleton"}]
    return found


def carried_out(state: State, changes: list[Change]) -> State:
    """The state after the calls, as the server would have it."""
    done: State = {name: [dict(item) for item in items] for name, items in state.items()}
    for change in changes:
        method, arguments = change.call
        items = done[method.removeprefix("x:").removesuffix("/set")]
        for value in arguments.get("create", {}).values():
            items.append({"id": f"n{next(_NUMBERS)}", **value})
        for identity, patch in arguments.get("update", {}).items():
            patched(next(item for item in items if item["id"] == identity), patch)
        items[:] = [item for item in items if item["id"] not in arguments.get("destroy", [])]
    return done


def patched(item: dict[str, Any], patch: dict[str, Any]) -> None:
    """Change properties as the server does: a path reaches inside, and what is set to nothing there is gone."""
    for path, value in patch.items():
        outer, _, inner = path.partition("/")
        if not inner:
            item[outer] = value
        elif value is None:
            item[outer] = {key: part for key, part in item[outer].items() if key != inner}
        else:
            item[outer] = {**item[outer], inner: value}


def settled(wish: Wish) -> State:
    state = carried_out(fresh(), plan.missing_domain(fresh(), wish))
    return carried_out(state, plan.changes(state, wish))


@pytest.mark.parametrize("wish", [WISH, replace(WISH, downloads=False), replace(WISH, submission=True)])
def test_what_is_settled_is_left_alone(wish: Wish) -> None:
    state = settled(wish)
    assert not plan.missing_domain(state, wish)
    assert not plan.changes(state, wish)


def test_mail_leaves_by_ipv6_only_where_the_records_have_every_such_address() -> None:
    def order(state: State) -> str:
        return next(str(route["ipLookupStrategy"]) for route in state["MtaRoute"] if route["name"] == "mx")

    without = carried_out(settled(WISH), plan.changes(settled(WISH), replace(WISH, ipv6=False)))
    assert (order(settled(WISH)), order(without)) == ("v4ThenV6", "v4Only")
    assert order(carried_out(without, plan.changes(without, WISH))) == "v4ThenV6"
    for route in without["MtaRoute"]:
        route["ipLookupStrategy"] = "v6Only"
    assert not plan.changes(without, WISH), "what a person set stays"


@pytest.mark.parametrize(
    ("public", "by_ipv6"),
    [((["192.0.2.1", "2001:db8::1"], ["192.0.2.2", "2001:db8::2"]), True),
     ((["192.0.2.1", "2001:db8::1"], ["192.0.2.2"]), False)],
)  # fmt: skip
def test_a_node_whose_ipv6_address_is_not_told_keeps_all_to_ipv4(
    public: tuple[list[str], list[str]], *, by_ipv6: bool
) -> None:
    nodes = {f"mx{index}": {"address": f"10.0.0.{index}", "public": public[index - 1]} for index in (1, 2)}
    settings = check({"platform": "existing", "nodes": nodes, "domains": {"example.org": {}}})
    assert parse(program.document(settings, topology.plan(settings))).ipv6 is by_ipv6


def test_everything_the_cluster_needs_is_set() -> None:
    state = settled(WISH)
    listeners = {listener["name"]: list(listener["bind"]) for listener in state["NetworkListener"]}
    assert listeners == {
        "smtp": ["[::]:25"],
        "submissions": ["[::]:465"],
        "imaps": ["[::]:993"],
        "sieve": ["[::]:4190"],
        "https": ["[::]:443"],
        "http": ["127.0.0.1:8080"],
    }
    assert state["SystemSettings"][0]["defaultHostname"] == "mail.dev.test"
    assert state["Coordinator"][0]["addresses"] == {"10.0.0.1:4222": True, "10.0.0.2:4222": True}
    assert {allowed["address"] for allowed in state["AllowedIp"]} == {"10.0.0.1", "10.0.0.2"}
    assert any(tracer["@type"] == "Journal" for tracer in state["Tracer"])
    assert state["Email"][0]["encryptAtRest"] is True


def test_programs_are_not_told_of_a_port_that_is_closed() -> None:
    (settings,) = settled(WISH)["SystemSettings"]
    assert {"imap", "smtp", "jmap"} <= set(settings["services"])
    assert "pop3" not in settings["services"]


def test_mail_that_its_domain_disowns_is_refused() -> None:
    (found,) = settled(WISH)["SenderAuth"]
    assert found["dmarcVerify"] == {"match": {"0": {"if": "local_port == 25", "then": "strict"}}, "else": "disable"}


def test_what_a_person_decided_on_forged_mail_is_theirs() -> None:
    state = settled(WISH)
    state["SenderAuth"][0]["dmarcVerify"] = {"match": {}, "else": "relaxed"}
    assert not plan.changes(state, WISH)


def test_one_thing_that_drifted_is_one_change() -> None:
    state = settled(WISH)
    state["SystemSettings"][0]["defaultHostname"] = "other.test"
    (change,) = plan.changes(state, WISH)
    assert change.call == ("x:SystemSettings/set", {"update": {"singleton": {"defaultHostname": "mail.dev.test"}}})


def test_the_servers_limits_spare_the_cluster_and_nobody_else() -> None:
    state = settled(WISH)
    spared = {tuple(sorted(one["key"])): one["match"]["else"] for one in state["MtaInboundThrottle"]}
    assert spared == {
        ("remoteIp",): "remote_ip != '127.0.0.1' && remote_ip != '10.0.0.1' && remote_ip != '10.0.0.2'",
        ("rcpt", "senderDomain"): "authenticated_as != 'cluster-probe@dev.test'",
    }
    grown = replace(WISH, nodes=(*WISH.nodes, "10.0.0.3"))
    assert "limit of connections" in {change.what for change in plan.changes(state, grown)}


def test_submission_opens_and_closes_with_its_setting() -> None:
    opened = settled(replace(WISH, submission=True))
    assert "submission" in {listener["name"] for listener in opened["NetworkListener"]}
    assert [change.what for change in plan.changes(opened, WISH)] == [
        "services that programs are told of",
        "listener submission closed",
    ]


@pytest.mark.parametrize(("mta_sts", "mode"), [("none", "disable"), ("testing", "testing"), ("enforce", "enforce")])
def test_the_policy_that_is_shown_is_the_one_of_the_stack_file_and_names_the_exchangers(
    mta_sts: str, mode: str
) -> None:
    (policy,) = settled(replace(WISH, mta_sts=mta_sts))["MtaSts"]
    assert policy == {"id": "singleton", "mode": mode, "maxAge": MAX_AGE_SECONDS * 1000, "mxHosts": {}}


def test_programs_are_told_of_what_is_open_and_of_nothing_else() -> None:
    def told(wish: Wish) -> dict[str, bool]:
        services = settled(wish)["SystemSettings"][0]["services"]
        return {name: service["cleartext"] for name, service in services.items()}

    always = dict.fromkeys(["caldav", "carddav", "imap", "jmap", "smtp", "webdav"], False)
    assert told(WISH) == always
    assert told(replace(WISH, submission=True)) == {**always, "smtp": True}
    assert told(replace(WISH, sieve=True)) == {**always, "managesieve": False}


def test_what_a_person_added_stays() -> None:
    state = settled(WISH)
    state["NetworkListener"].append({"id": "own", "name": "behind-proxy", "bind": {"10.0.0.1:2525": True}})
    state["Domain"].append({"id": "z", "name": "elsewhere.test"})
    state["AllowedIp"].append({"id": "y", "address": "192.0.2.1"})
    assert not plan.changes(state, WISH)


def test_nothing_that_holds_mail_is_ever_destroyed_or_overwritten() -> None:
    state = settled(replace(WISH, submission=True))
    calls = [change.call for change in (*plan.missing_domain(state, WISH), *plan.changes(state, WISH))]
    assert not any(method in {"x:Domain/set", "x:Account/set"} for method, _ in calls)


def test_the_password_of_the_coordinator_stays_out_of_the_database() -> None:
    (secret,) = {item["authSecret"]["variableName"] for item in settled(WISH)["Coordinator"]}
    assert secret == "NATS_PASSWORD"


def test_a_limit_that_a_person_changed_is_theirs() -> None:
    state = settled(WISH)
    for throttle in state["MtaInboundThrottle"]:
        throttle["match"] = {"match": {}, "else": "false"}
    assert not plan.changes(state, WISH)


def test_settings_that_exist_once_are_asked_for_by_their_id() -> None:
    asked = dict(plan.look())
    assert asked["x:Email/get"] == {"ids": ["singleton"]}
    assert asked["x:NetworkListener/get"] == {"ids": None}


def test_the_recorded_system_settings_of_a_first_start_are_the_assumed_ones() -> None:
    recorded = json.loads((RECORDINGS / "02-system-settings-before.json").read_text())
    (method, answer, _tag) = recorded["response"]["methodResponses"][0]
    assert method == "x:SystemSettings/get"
    here = dict(answer["list"][0])
    assert {key: here[key] for key in FIELDS["SystemSettings"] if key != "services"} == {
        key: value for key, value in FIELDS["SystemSettings"].items() if key != "services"
    }


def test_the_program_and_the_scripts_mean_the_same_wish() -> None:
    settings = check({"platform": "lab", "nodes": {"mx1": {}, "mx2": {}}, "domains": {"dev.test": {}}})
    wish = parse(program.document(settings, topology.plan(settings)))
    assert wish.admin_login == program.admin_login(settings) == "admin@dev.test"
    assert wish.nodes == ("10.77.0.11", "10.77.0.12")
    assert wish.ports == (25, 443, 465, 993, 4190, 8080)


def test_what_is_only_taken_up_at_a_start_changes_the_digest() -> None:
    assert WISH.restart_digest != replace(WISH, submission=True).restart_digest
    assert WISH.restart_digest != replace(WISH, coordinators=("10.0.0.9:4222",)).restart_digest
    assert WISH.restart_digest == replace(WISH, nodes=()).restart_digest
