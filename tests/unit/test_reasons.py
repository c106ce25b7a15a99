"""Why a step runs again: found by comparing what it was given, told without a secret."""

import json
import re
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lib.stalwart import wish

from components.reasons.compare import Difference, Unknown, Value, difference
from components.reasons.leaving import disabled, erased
from components.reasons.restarts import STARTED_FOR, Service, consequence, restarted, warning
from components.reasons.wording import DOCUMENTS, MEMBERS, SHOWN, reason
from components.remote.script import SCRIPTS, Script, script, values_of
from tests.unit.test_script import EVERY
from tests.unit.test_topology import laid_out

NAMES = st.from_regex(r"[A-Z][A-Z0-9_]{0,12}", fullmatch=True)
ODD = st.text(st.sampled_from("'\"\\\n $`{}=#;é\N{SNOWMAN}ab/"), max_size=40)
VALUES = st.dictionaries(NAMES, st.one_of(st.text(max_size=40), ODD, ODD.map("export A={}\n".format)), max_size=6)

CONNECTION = {"host": "10.0.0.1", "port": 22.0, "user": "root", "privateKey": "KEY", "hostKey": "ssh-ed25519 AAAA"}


def inputs(path: str, values: dict[str, str], digest: str = "aaaaaaaaaaaa", **changed: Any) -> dict[str, Any]:
    """The inputs of a step as the engine keeps them."""
    return {
        "create": f"bash -s # scripts/{path} {digest}",
        "stdin": script(path).payload(values),
        "connection": CONNECTION,
        "logging": "stderr",
        **changed,
    }


def between(path: str, before: dict[str, str], after: Mapping[str, Value], **changed: Any) -> Difference:
    """What is different when the variables change, and other inputs."""
    known = {name: value for name, value in after.items() if isinstance(value, str)}
    return difference(inputs(path, before), inputs(path, known, **changed), after)


def told(path: str, before: dict[str, str], after: Mapping[str, Value], **changed: Any) -> str:
    """The line for a person."""
    return reason(between(path, before, after, **changed))


@given(VALUES)
@pytest.mark.parametrize("path", ["foundationdb/install.sh", "foundationdb/database.py"])
def test_a_payload_gives_back_the_variables_that_were_put_in(path: str, values: dict[str, str]) -> None:
    assert values_of(script(path).payload(values)) == values


@pytest.mark.parametrize("path", EVERY)
def test_no_line_of_a_script_is_taken_for_a_variable(path: str) -> None:
    assert values_of(Script(path).payload({"NODE": "mx1"})) == {"NODE": "mx1"}


@given(st.text(max_size=80))
def test_a_text_that_is_no_payload_has_no_variables(text: str) -> None:
    assert values_of(text) == {}


@given(VALUES, VALUES)
def test_what_is_different_is_found_and_nothing_else(before: dict[str, str], after: dict[str, str]) -> None:
    found = between("foundationdb/install.sh", before, dict(after))
    assert {change.name for change in found.changes} == {
        name for name in {*before, *after} if before.get(name) != after.get(name)
    }
    assert not found.script


@given(st.dictionaries(NAMES, st.integers(), max_size=6), st.dictionaries(NAMES, st.integers(), max_size=6), st.data())
def test_of_a_variable_that_is_not_listed_only_the_name_is_told(
    before: dict[str, int], after: dict[str, int], data: st.DataObject
) -> None:
    names = st.sampled_from(["ADMIN_PASSWORD", "CLUSTER_FILE", "FDB_SOURCE", "SSH_PRIVATE_KEY", "FDB_VERSION"])
    secrets = data.draw(st.sets(names))
    hidden = {*before, *after, *secrets} - SHOWN | secrets
    line = reason(
        between(
            "foundationdb/install.sh",
            {name: f"geheim{value}" for name, value in before.items()} | dict.fromkeys(secrets, "geheim1"),
            {name: f"geheim{value}" for name, value in after.items()} | dict.fromkeys(secrets, "geheim2"),
        ),
        hidden,
    )
    assert "geheim" not in line
    assert all(name in line for name in secrets)


def test_what_may_hold_a_secret_is_not_on_the_list_of_what_is_shown() -> None:
    for name in (*SHOWN, *MEMBERS, *DOCUMENTS):
        assert not any(word in name.upper() for word in ("PASSWORD", "PRIVATE", "SECRET", "SOURCE", "FILE", "TOKEN"))


def test_what_is_listed_is_something_that_a_script_asks_for() -> None:
    asked = {name for path in EVERY for name in Script(path).required}
    listed = {name for name in (*SHOWN, *MEMBERS, *DOCUMENTS) if name.isupper()}
    assert listed <= asked


@pytest.mark.parametrize(
    ("path", "before", "after", "line"),
    [
        ("foundationdb/install.sh", {"FDB_VERSION": "7.4.6"}, {"FDB_VERSION": "7.4.7"}, "FDB_VERSION 7.4.6 -> 7.4.7"),
        ("foundationdb/install.sh", {"FDB_SOURCE": "a"}, {"FDB_SOURCE": "b"}, "FDB_SOURCE changed"),
        ("foundationdb/install.sh", {}, {"FDB_SOURCE": "b"}, "FDB_SOURCE is new"),
        ("foundationdb/install.sh", {"OLD": "a"}, {}, "OLD is gone"),
        ("host/prepare.sh", {"PACKAGES": ""}, {"PACKAGES": "nats-server"}, "PACKAGES nothing -> nats-server"),
        ("foundationdb/install.sh", {"ZONE": "a\nb"}, {"ZONE": "c"}, "ZONE something long -> c"),
        (
            "foundationdb/database.py",
            {"PROCESSES": "10.0.0.1:4500=a 10.0.0.2:4500=b", "COORDINATORS": "10.0.0.1:4500", "REDUNDANCY": "single"},
            {"PROCESSES": "10.0.0.1:4500=a 10.0.0.3:4500=c", "COORDINATORS": "10.0.0.3:4500", "REDUNDANCY": "double"},
            (
                "COORDINATORS: 10.0.0.3:4500 joins, 10.0.0.1:4500 leaves; PROCESSES: 10.0.0.3:4500 in zone c joins,"
                " 10.0.0.2:4500 in zone b leaves; REDUNDANCY single -> double"
            ),
        ),
        (
            "host/prepare.sh",
            {"HOSTS": "10.0.0.1 mx1.mail.dev.test mx1"},
            {"HOSTS": "10.0.0.1 mx1.mail.dev.test mx1\n10.0.0.2 b mx2\n10.0.0.3 c mx3"},
            "HOSTS: mx2, mx3 join",
        ),
        ("coordinator/install.sh", {"NATS_PEERS": "a b"}, {"NATS_PEERS": "b a"}, "NATS_PEERS: the order changed"),
        (
            "stalwart/first.py",
            {"WISH": '{"admin": "a", "domain": "x"}'},
            {"WISH": '{"admin": "b", "domain": "x"}'},
            "WISH: admin changed",
        ),
        ("proof/prove.py", {"CAUSE": "12"}, {"CAUSE": "34"}, "CAUSE (what was done before it) changed"),
    ],
)
def test_a_change_is_told_by_its_name_and_by_what_is_harmless_of_it(
    path: str, before: dict[str, str], after: dict[str, Value], line: str
) -> None:
    assert told(path, before, after) == f"runs again: {line}"


def test_what_is_not_known_yet_is_told_as_such_behind_what_is() -> None:
    before = {"CLUSTER_FILE": "mail:x@10.0.0.1:4500", "FDB_VERSION": "7.4.6"}
    later: dict[str, Value] = {"CLUSTER_FILE": Unknown.LATER, "FDB_VERSION": "7.4.6"}
    assert told("foundationdb/install.sh", before, later) == "may run again: CLUSTER_FILE is known only in the run"
    assert (
        told("foundationdb/install.sh", before, {**later, "FDB_VERSION": "7.4.7"})
        == "runs again: FDB_VERSION 7.4.6 -> 7.4.7; CLUSTER_FILE is known only in the run"
    )


def test_a_changed_script_is_named_and_does_not_alarm_anybody() -> None:
    alone = between("foundationdb/install.sh", {}, {}, create="bash -s # scripts/foundationdb/install.sh bbbbbbbbbbbb")
    assert reason(alone) == (
        "runs again: scripts/foundationdb/install.sh changed, which touches only what it finds different from what it"
        " wants"
    )
    assert restarted(alone) is None


def test_another_way_to_the_host_is_told_without_keys() -> None:
    other = {**CONNECTION, "host": "10.0.0.2", "privateKey": "OTHER", "proxy": {"host": "b", "privateKey": "P"}}
    line = told(
        "foundationdb/seed.sh", {}, {}, connection=other, create="sudo -n bash -s # scripts/foundationdb/seed.sh a"
    )
    assert "connection.host 10.0.0.1 -> 10.0.0.2" in line
    assert "connection.privateKey changed" in line
    assert "connection.proxy.privateKey is new" in line
    assert "shell bash -s -> sudo -n bash -s" in line
    assert not {"KEY", "OTHER", "AAAA"} & {*line.split()}
    assert "port" not in line


def test_a_step_whose_inputs_are_kept_as_they_were_has_no_changed_variable() -> None:
    kept = inputs("local/learn_host_key.sh", {"SSH_HOST": "a"})
    found = difference(kept, {**kept, "logging": "stdout"}, {"SSH_HOST": "b"})
    assert [change.name for change in found.changes] == ["logging"]


@pytest.mark.parametrize(
    ("path", "name", "what"),
    [
        ("foundationdb/install.sh", "FDB_VERSION", "restarts FoundationDB"),
        ("foundationdb/install.sh", "FDB_MEMORY", "restarts FoundationDB"),
        ("foundationdb/install.sh", "FDB_CACHE", "restarts FoundationDB"),
        ("foundationdb/install.sh", "CLUSTER_FILE", ""),
        ("stalwart/install.sh", "STALWART_VERSION", "restarts the mail server"),
        ("stalwart/install.sh", "TRANSACTION_TIMEOUT", "restarts the mail server"),
        ("stalwart/install.sh", "NATS_PASSWORD", "restarts the mail server"),
        ("stalwart/install.sh", "NATS_ADDRESSES", ""),
        ("stalwart/install.sh", "STALWART_SHA256", ""),
        ("coordinator/install.sh", "NATS_PEERS", "the coordinator reloads"),
        ("coordinator/install.sh", "NATS_PASSWORD", "the coordinator reloads"),
        ("stalwart/first.py", "ADMIN_PASSWORD", ""),
        ("foundationdb/database.py", "FDB_VERSION", ""),
    ],
)
def test_what_a_variable_takes_down(path: str, name: str, what: str) -> None:
    assert name in script(path).required
    assert consequence(between(path, {name: "a"}, {name: "b"})) == what


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("foundationdb/stage.sh", ""),
        ("foundationdb/point.sh", ""),
        ("foundationdb/window.py", "restarts FoundationDB and the mail server on all nodes at once"),
    ],
)
def test_only_another_line_takes_all_of_the_database_down_at_once(path: str, what: str) -> None:
    assert "FDB_VERSION" in script(path).required
    assert consequence(between(path, {"FDB_VERSION": "7.4.6"}, {"FDB_VERSION": "7.4.8"})) == ""
    assert consequence(between(path, {"FDB_VERSION": "7.4.6"}, {"FDB_VERSION": "7.5.0"})) == what


def test_what_stands_in_the_files_of_the_mail_server_restarts_it() -> None:
    files = (SCRIPTS / "lib/stalwart/files.sh").read_text()
    written = re.findall(r"put /etc/stalwart/.*?<<(\w+)\n(.*?)\n\1\n", files, re.DOTALL)
    variables = {name for _, text in written for name in re.findall(r"\$(\w+)", text)} - {"NODE"}
    assert len(variables) > 2
    for name in variables:
        assert restarted(between("stalwart/install.sh", {name: "a"}, {name: "b"})) is Service.MAIL, name


def test_on_another_machine_nothing_runs_that_could_be_restarted() -> None:
    before = {"FDB_VERSION": "7.4.6", "MACHINE": "1"}
    assert restarted(between("foundationdb/install.sh", before, {"FDB_VERSION": "7.4.7", "MACHINE": "2"})) is None
    assert (
        restarted(between("foundationdb/install.sh", before, {"FDB_VERSION": "7.4.7", "MACHINE": Unknown.LATER}))
        is None
    )


def test_settings_restart_the_mail_server_exactly_where_it_takes_them_up_at_a_start() -> None:
    wanted = wish.parse(
        '{"hostname": "a", "outgoing": "b", "exchangers": [], "proxies": [], "domain": "d", "admin": "e",'
        ' "probe": "f", "submission": false, "coordinators": [], "nodes": [], "downloads": false,'
        ' "sieve": false, "mta_sts": "none"}'
    )
    for field in fields(wanted):
        value = getattr(wanted, field.name)
        another: Any = ("x",) if isinstance(value, tuple) else not value if value is False else "x"
        other = replace(wanted, **{field.name: another})
        assert (other.restart_digest != wanted.restart_digest) == (field.name in STARTED_FOR), field.name


@pytest.mark.parametrize("path", ["stalwart/first.py", "stalwart/start.py"])
def test_of_the_settings_only_those_restart(path: str) -> None:
    before = {"WISH": '{"submission": false, "domain": "a"}'}
    assert restarted(between(path, before, {"WISH": '{"submission": true, "domain": "a"}'})) is Service.MAIL
    assert restarted(between(path, before, {"WISH": '{"submission": false, "domain": "b"}'})) is None


DATABASE, MAIL, BOTH = (Service.DATABASE,), (Service.MAIL,), (Service.DATABASE, Service.MAIL)
TURNS = "one node after the other, those that wait in the order of their names, each"
ZONE = "only when the cluster can lose a zone."
COPIES = "only when the cluster has all copies of its data."
LOSES = "While FoundationDB restarts, the cluster survives the loss of"
SERVES = "The other nodes serve while the mail server restarts."
STAYS = "While the mail server restarts, the cluster survives the loss of any 1 zone, as always."


@pytest.mark.parametrize(
    ("zones", "services", "nodes", "goes_down", "meanwhile"),
    [
        ("abc", DATABASE, "312", f"FoundationDB restarts on mx1, mx2, mx3, {TURNS} {ZONE}", f"{LOSES} no zone instead"),
        ("abcde", BOTH, "21", "FoundationDB and the mail server restart on mx1, mx2, ", f"{LOSES} any 1 zone instead"),
        ("abc", MAIL, "2", f"The mail server restarts on mx2, {ZONE}", STAYS),
        ("ab", DATABASE, "12", f"FoundationDB restarts on mx1, mx2, {TURNS} {COPIES}", "Mail stops while FoundationDB"),
        ("ab", MAIL, "12", f"The mail server restarts on mx1, mx2, {TURNS} {COPIES}", SERVES),
        ("a", MAIL, "1", f"The mail server restarts on mx1, {COPIES}", "Mail stops while the mail server restarts."),
    ],
)
def test_the_warning_names_nodes_in_their_order_and_what_may_be_lost_meanwhile(
    zones: str, services: tuple[Service, ...], nodes: str, goes_down: str, meanwhile: str
) -> None:
    said = warning(laid_out(zones), {service: [f"mx{index}" for index in nodes] for service in services})
    assert said.startswith(goes_down)
    assert meanwhile in said


def test_nodes_are_named_in_natural_order_and_services_where_they_differ() -> None:
    told = warning(laid_out("a" * 3 + "b" * 4 + "c" * 4), {Service.MAIL: ["mx2"], Service.DATABASE: ["mx10", "mx9"]})
    assert told.startswith("FoundationDB restarts on mx9, mx10 and the mail server restarts on mx2, one node after")


def test_with_one_mail_node_left_in_a_zone_less_may_be_lost() -> None:
    nodes = {"mx1": {}, "mx2": {}, "mx3": {"roles": ["database"]}}
    assert "no zone instead of any 1 zone" in warning(laid_out("abc", nodes=nodes), {Service.MAIL: ["mx1", "mx2"]})


def people(*addresses: str, remove: tuple[str, ...] = ()) -> dict[str, str]:
    """The variables of the step that makes accounts."""
    accounts = [{"address": address} for address in addresses]
    wish = {"domains": ["dev.test"], "accounts": accounts, "groups": [], "lists": [], "remove": list(remove)}
    return {"ACCOUNTS": json.dumps(wish)}


def test_a_preview_says_who_is_disabled_and_what_is_erased_with_how_much_mail() -> None:
    path = "accounts/apply.py"
    assert not disabled(between(path, people("a@dev.test"), people("a@dev.test", "b@dev.test")))
    gone = between(path, people("a@dev.test", "b@dev.test"), people("b@dev.test"))
    assert disabled(gone).endswith("disabled and kept with all mail: a@dev.test")
    assert not list(erased(gone, ""))
    last = json.dumps(
        {
            "left": {
                "a@dev.test": {"kind": "account", "bytes": 3 * 1024**3 // 2},
                "two.test": {"kind": "domain", "bytes": 100, "holds": 3},
            }
        }
    )
    named = between(path, people(), people(remove=("a@dev.test", "never@dev.test", "two.test")))
    assert list(erased(named, last)) == [
        "erases the account a@dev.test for good, with 1.5 GiB of mail",
        "erases never@dev.test for good, unless it is gone already or nobody disabled it before: then it is refused",
        "erases the domain two.test for good, with 3 addresses in it and 100 bytes of mail",
    ]
    again = between(path, people(remove=("a@dev.test",)), people("b@dev.test", remove=("a@dev.test",)))
    assert not list(erased(again, last)), "told once"
