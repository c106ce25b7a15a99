"""`make status` names what differs from the stack with what to do about it; what it cannot see is unknown."""

import json
import shlex
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.remote.script import Script
from tools.status.differences import Difference, differences
from tools.status.document import document
from tools.status.exported import Wanted, exports, wanted
from tools.status.look import View, view
from tools.status.nodes import Seen, Target, targets
from tools.status.table import render

FIRST, SECOND = "10.0.0.1:4500", "10.0.0.2:4500"
NAMED = {"identity": "aaaa", "coordinators": [FIRST]}


def process(address: str, zone: str, **changed: Any) -> dict[str, Any]:
    return {"address": address, "zone": zone, "version": "7.4.6", "excluded": False, **changed}


DATABASE: dict[str, Any] = {
    "available": True,
    "redundancy_mode": "double",
    "storage_engine": "ssd-2",
    "data_state": "healthy",
    "zone_failures_without_losing_data": 1,
    "zone_failures_without_losing_availability": 1,
    "coordinators": {FIRST: True},
    "processes": [process(FIRST, "a"), process(SECOND, "b")],
    "excluded_servers": [],
    "maintenance_zone": None,
    "locked": False,
    "messages": [],
    "named": NAMED,
}
SHOWN: dict[str, Any] = {
    "listener": "imaps",
    "name": "mail.dev.test",
    "subject": "CN=mail.dev.test",
    "issuer": "CN=Private CA of mail.dev.test",
    "not_valid_before": "2026-01-01T00:00:00+00:00",
    "not_valid_after": "4096-01-01T00:00:00+00:00",
    "sha256": "ab" * 32,
    "holds": True,
}
FOUND: dict[str, Any] = {
    "units": {"foundationdb": "active", "nats-server": "active", "stalwart": "active", "stalwart-probe": "missing"},
    "at_boot": {"foundationdb": "enabled", "nats-server": "enabled", "stalwart": "enabled"},
    "pending_restart": {},
    "versions": {"foundationdb": "7.4.6", "stalwart": "0.16.27"},
    "closed": [],
    "coordinated": True,
    "changed_by_hand": {},
    "certificates": [SHOWN],
    "database": DATABASE,
    "cluster_files": {"/etc/foundationdb/fdb.cluster": NAMED, "/var/lib/stalwart/fdb.cluster": NAMED},
}
MAIL: dict[str, Any] = {
    "missing_domains": [],
    "settings": [],
    "signing": [],
    "accounts": {"missing": [], "disabled": [], "different": [], "left": []},
    "nodes": [{"nodeId": 0, "hostname": "mx1.mail.dev.test", "status": "active", "lastRenewal": ""}],
}
WANTED = Wanted(
    redundancy="double",
    engine="ssd-2",
    coordinators=(FIRST,),
    processes={FIRST: "a", SECOND: "b"},
    foundationdb="7.4.6",
    tolerance=1,
    stalwart={"mx1": "0.16.27"},
    hostnames={"mx1": "mx1.mail.dev.test"},
    units={"mx1": frozenset({"foundationdb", "nats-server", "stalwart"})},
    addresses={"mx1": "10.0.0.1"},
    wish="{}",
    admin_password="secret",
)
TARGET = Target("mx1", {"host": "10.0.0.1"}, root=True)
WELL = View(WANTED, (Seen(TARGET, FOUND),), MAIL)
DEAD = Seen(replace(TARGET, name="mx2"), None, "no answer within 20 s")


def told(seen: View) -> dict[str, Difference]:
    return {difference.what: difference for difference in differences(seen)}


def node(**changed: Any) -> View:
    return replace(WELL, nodes=(Seen(TARGET, {**FOUND, **changed}),))


def certified(source: str = "private", waits_for: str = "", **changed: Any) -> View:
    """The stack's own certificate, or one of an authority, in some way other than it should be."""
    wanted_one = {"source": source} | ({} if source.startswith("https:") else {"sha256": SHOWN["sha256"]})
    wanted_one |= {"waits_for": waits_for} if waits_for else {}
    return replace(node(certificates=[{**SHOWN, **changed}]), wanted=replace(WANTED, certificate=wanted_one))


def database(**changed: Any) -> View:
    return node(database={**DATABASE, **changed})


def mail(**changed: Any) -> View:
    return replace(WELL, mail={**MAIL, **changed})


def test_all_is_well() -> None:
    assert not differences(WELL)
    row = ["mx1", "a", "10.0.0.1", "yes", "active", "7.4.6", "active", "active", "0.16.27"]
    text = render(WELL, [])
    assert text.splitlines()[1].split() == row
    assert text.endswith("all is well")
    assert document(WELL, [])["well"] is True


def test_a_dead_node_is_unknown_and_named() -> None:
    seen = replace(WELL, nodes=(*WELL.nodes, DEAD))
    (found,) = differences(seen)
    assert (found.subject, found.node) == ("reach", "mx2")
    text = render(seen, [found])
    assert text.splitlines()[2].split()[3:] == ["no", "unknown", "unknown", "unknown"]
    assert "! mx2 cannot be reached: no answer within 20 s" in text
    assert document(seen, [found])["nodes"]["mx2"] == {"reached": False, "trouble": "no answer within 20 s"}


def test_nobody_reached_is_not_well() -> None:
    seen = View(WANTED, (DEAD,))
    assert {"no node can say how the database is", "no mail server could be asked for domains, settings and nodes"} < {
        *told(seen)
    }
    assert "database: unknown" in render(seen, differences(seen))


UNITS = FOUND["units"]
SOON = (datetime.now(UTC) + timedelta(days=13, hours=1)).isoformat(timespec="seconds")
ACME, ON_MX1 = "https://acme.test/directory", "the certificate for mail.dev.test on mx1"
PAST = (datetime.now(UTC) - timedelta(days=70)).isoformat(timespec="seconds")
LATER = (datetime.now(UTC) + timedelta(days=20)).isoformat(timespec="seconds")


@pytest.mark.parametrize(
    ("seen", "what", "remedy"),
    [
        (node(units={**UNITS, "stalwart": "inactive"}), "stalwart on mx1 is stopped", "make mend"),
        (node(units={**UNITS, "nats-server": "failed"}), "nats-server on mx1 is failed", "make mend"),
        (node(units={**UNITS, "foundationdb": "missing"}), "foundationdb on mx1 is not installed", "make mend"),
        (
            node(at_boot={**FOUND["at_boot"], "stalwart": "disabled"}),
            "stalwart on mx1 would not start at boot: it is disabled",
            "make mend",
        ),
        (node(closed=["imaps"]), "nothing listens on mx1 for imaps", "journalctl"),
        (node(coordinated=False), "the mail server on mx1 has no connection to the coordinator", "make mend"),
        (
            node(versions={"foundationdb": "7.4.6", "stalwart": "0.16.20"}),
            "mx1 has stalwart 0.16.20, the stack wants 0.16.27",
            "make mend",
        ),
        (
            node(versions={"foundationdb": "7.4.6", "stalwart": "0.16.30"}),
            "mx1 has stalwart 0.16.30, the stack wants 0.16.27",
            "not touched: set release.stalwart to 0.16.30",
        ),
        (
            node(beside=["7.5.0"]),
            "a change of FoundationDB to the line of 7.5.0 was begun and is not ended: its programs lie on mx1",
            "`up` goes on with it; to leave it before all have gone over, set the former release and make mend",
        ),
        (node(changed_by_hand={"/etc/a": "edited"}), "/etc/a on mx1 was edited by hand", "make mend"),
        (node(changed_by_hand={"/etc/a": "gone"}), "/etc/a on mx1 is gone", "make mend"),
        (
            node(pending_restart={"stalwart": ["/etc/stalwart/config.json"]}),
            "stalwart on mx1 was started before this changed: /etc/stalwart/config.json",
            "make mend",
        ),
        (
            node(cluster_files={"/var/lib/stalwart/fdb.cluster": {"identity": "bbbb", "coordinators": [SECOND]}}),
            f"/var/lib/stalwart/fdb.cluster on mx1 does not name the coordinators of the database: {SECOND}",
            "make mend",
        ),
        (
            node(cluster_files={"/etc/foundationdb/fdb.cluster": None}),
            "/etc/foundationdb/fdb.cluster on mx1 cannot be read",
            "",
        ),
        (
            certified(not_valid_after=SOON),
            f"the certificate for mail.dev.test on mx1 ends on {SOON[:10]}",
            "pulumi up makes the next one",
        ),
        (
            certified(source="own", not_valid_after=SOON),
            f"the certificate for mail.dev.test on mx1 ends on {SOON[:10]}",
            "put the next one into mail.certificate_chain",
        ),
        (
            certified(
                source="https://acme.test/directory", not_valid_before=PAST, not_valid_after=LATER, issuer="CN=R10"
            ),
            f"the certificate for mail.dev.test on mx1 should have been renewed by now; it ends on {LATER[:10]}",
            "journalctl",
        ),
        (
            certified(source=ACME),
            f"{ON_MX1} is the stack's own that stands in: the authority has not issued yet",
            "pulumi up looks again",
        ),
        (
            certified(source=ACME, waits_for="these names to lead to the cluster: mail.dev.test"),
            f"{ON_MX1} is the stack's own that stands in: the authority has not issued yet",
            "pulumi up looks again; the last one waited for these names to lead to the cluster: mail.dev.test",
        ),
        (
            certified(holds=False),
            "the certificate for mail.dev.test on mx1, of Private CA of mail.dev.test, does not hold that name",
            "make mend",
        ),
        (
            certified(sha256="ef" * 32),
            f"{ON_MX1} is another than the stack's: of Private CA of mail.dev.test, until 4096-01-01",
            "web page",
        ),
        (database(available=False), "the database is not available", "start"),
        (database(zone_failures_without_losing_data=0), "0 zones may fail without losing data, 1 are wanted", ""),
        (
            database(redundancy_mode="triple"),
            "the redundancy mode is triple, the stack wants double",
            "make mend",
        ),
        (
            database(storage_engine="memory-2"),
            "the storage engine is memory-2, the stack wants ssd-2",
            "not touched: set database.engine to memory-2",
        ),
        (
            database(coordinators={SECOND: True}),
            f"the coordinators are {SECOND}, the stack wants {FIRST}",
            "make mend",
        ),
        (database(coordinators={FIRST: False}), f"coordinator {FIRST} is out of reach", "start its node"),
        (
            database(processes=[process(FIRST, "a")]),
            f"the database process {SECOND} is missing",
            "start its node; make mend",
        ),
        (
            database(processes=[*DATABASE["processes"], process("10.9.9.9:4500", "x")]),
            "the database process 10.9.9.9:4500 belongs to no node of the stack",
            "make mend",
        ),
        (
            database(processes=[process(FIRST, "a"), process(SECOND, "c")]),
            f"the database process {SECOND} stands in zone c, the stack wants b",
            "not touched: set the node's zone to c",
        ),
        (
            database(processes=[process(FIRST, "a"), process(SECOND, "b", version="7.4.5")]),
            f"the database process {SECOND} runs release 7.4.5, the stack wants 7.4.6",
            "make mend",
        ),
        (
            database(processes=[process(FIRST, "a"), process(SECOND, "b", excluded=True)]),
            f"{SECOND} is excluded: the database gives it no data",
            "make mend",
        ),
        (
            database(excluded_servers=["10.0.0.2"]),
            "10.0.0.2 is excluded: the database gives it no data",
            "make mend",
        ),
        (
            database(maintenance_zone="b"),
            "zone b is under maintenance: copies that it misses are not made anew",
            "make mend",
        ),
        (database(locked=True), "the database is locked: no mail can be written", "not touched"),
        (database(messages=["storage_server_lagging"]), "the database says: storage_server_lagging", ""),
        (mail(missing_domains={"b.test": {}}), "the mail server lacks the domain b.test", "make mend"),
        (
            mail(signing=["mail of dev.test is signed by key 1, not by key 2"]),
            "mail of dev.test is signed by key 1, not by key 2",
            "make mend",
        ),
        (mail(settings=["journal"]), "a setting of the mail server differs: journal", "make mend"),
        (
            mail(nodes=[]),
            "mx1.mail.dev.test is missing in the mail cluster: another node may have its id",
            "systemctl restart stalwart on mx1",
        ),
        (
            mail(nodes=[{**MAIL["nodes"][0], "status": "stale"}]),
            "mx1.mail.dev.test is stale in the mail cluster: it does not renew its id",
            "systemctl restart stalwart on mx1",
        ),
        (
            mail(nodes=[*MAIL["nodes"], {"nodeId": 0, "hostname": "mx9", "status": "active"}]),
            "2 mail nodes have the id 0: their mail ids may collide",
            "restart",
        ),
        (
            replace(WELL, mail={"trouble": "the stack's password of admin@dev.test is not accepted"}),
            "the stack's password of admin@dev.test is not accepted",
            "not touched: tell the stack",
        ),
    ],
)
def test_what_differs_is_named_with_what_to_do(seen: View, what: str, remedy: str) -> None:
    assert what in told(seen)
    assert remedy in told(seen)[what].remedy
    assert told(seen)[what].grave
    assert f"! {what} (" in render(seen, differences(seen))
    assert what in {difference["what"] for difference in document(seen, differences(seen))["differences"]}


def test_what_is_left_of_a_node_that_was_taken_out_is_no_trouble() -> None:
    leftover = {"nodeId": 1, "hostname": "mx2.mail.dev.test", "status": "inactive", "lastRenewal": ""}
    for seen in (mail(nodes=[*MAIL["nodes"], leftover]), database(excluded_servers=["10.0.0.9:4500"])):
        (found,) = differences(seen)
        assert not found.grave
        assert document(seen, [found])["well"] is True
        assert "note: " in render(seen, [found])
        assert "all is well" in render(seen, [found])


def test_a_process_that_has_just_started_is_no_trouble() -> None:
    assert not differences(database(processes=[process(FIRST, "a"), process(SECOND, "", version="")]))


def test_the_way_down_to_one_copy_is_not_offered_as_mending() -> None:
    seen = replace(WELL, wanted=replace(WANTED, redundancy="single"))
    assert "single_copy" in told(seen)["the redundancy mode is double, the stack wants single"].remedy


def test_a_certificate_that_lasts_is_nothing_to_tell() -> None:
    later = (datetime.now(UTC) + timedelta(days=15)).isoformat(timespec="seconds")
    assert not differences(certified(not_valid_after=later))


def test_the_same_on_three_ports_is_told_once() -> None:
    ports = [{**SHOWN, "listener": port, "not_valid_after": SOON} for port in ("submissions", "imaps", "https")]
    assert len(differences(node(certificates=ports))) == 1


def test_nodes_that_show_different_certificates_are_named() -> None:
    other = Seen(replace(TARGET, name="mx2"), {**FOUND, "certificates": [{**SHOWN, "sha256": "cd" * 32}]})
    seen = replace(WELL, nodes=(*WELL.nodes, other))
    what = "not all nodes show the same certificate for mail.dev.test: mx1 abababababab, mx2 cdcdcdcdcdcd"
    assert told(seen)[what].subject == "certificate"
    text = render(seen, differences(seen))
    assert f"certificate: of Private CA of mail.dev.test, until 4096-01-01, sha256 {'ab' * 8}, on mx1" in text


def test_a_node_without_mail_misses_nothing() -> None:
    units = {"foundationdb": "active", "nats-server": "missing", "stalwart": "missing"}
    only = node(units=units, closed=["https", "imaps", "smtp"], coordinated=False)
    assert not differences(replace(only, wanted=replace(WANTED, units={"mx1": frozenset({"foundationdb"})})))


def test_no_secret_is_shown() -> None:
    seen = replace(WELL, nodes=(*WELL.nodes, DEAD))
    shown = [render(seen, differences(seen)), json.dumps(document(seen, differences(seen))), repr(seen)]
    assert not any("secret" in text for text in shown)


def step(script: str, create: str = "bash -s # scripts/{} 0123", **values: str) -> dict[str, Any]:
    payload = Script(script).payload({"NODE": "mx1", **values})
    return {
        "type": "command:remote:Command",
        "urn": "urn:pulumi:dev::p::t::x",
        "inputs": {
            "connection": secret({"host": "10.0.0.1", "privateKey": "key"}),
            "create": create.format(script),
            "stdin": secret(payload),
        },
    }


def secret(value: Any) -> dict[str, str]:
    return {"4dabf18193072939515e22adb298388d": "1b47", "plaintext": json.dumps(value)}


def exported(*resources: dict[str, Any]) -> dict[str, Any]:
    outputs = {"fault_tolerance": {"wanted": 1}, "certificate": {"source": "private", "sha256": "ab" * 32}}
    root = {"type": "pulumi:pulumi:Stack", "urn": "urn:pulumi:dev::p::t::s", "outputs": outputs}
    return {"deployment": {"resources": [root, *resources]}}


def test_what_the_stack_wants_is_read_from_its_steps() -> None:
    wish = json.dumps({"hostname": "mail.dev.test", "quoted": "it's"})
    state = exported(
        step("host/prepare.sh", "sudo -n bash -s # scripts/{} 0123", ADDRESS="10.0.0.1", HOSTS="10.0.0.1 mx1\nb c"),
        step("foundationdb/install.sh"),
        step(
            "foundationdb/database.py",
            REDUNDANCY="double",
            ENGINE="ssd-2",
            COORDINATORS=f"{SECOND} {FIRST}",
            PROCESSES=f"{FIRST}=a {SECOND}=b",
            FDB_VERSION="7.4.6",
        ),
        step("stalwart/install.sh", STALWART_VERSION="0.16.27", STALWART_HOSTNAME="mx1.mail.dev.test"),
        step("stalwart/first.py", WISH=wish, ADMIN_PASSWORD="secret"),
        step("directory/apply.py", DIRECTORY='{"domains": {"dev.test": {}}}', SIGNING_TEXTS='{"dev.test": {}}'),
    )
    assert wanted(state) == replace(
        WANTED,
        wish=wish,
        directory='{"domains": {"dev.test": {}}}',
        signing_texts='{"dev.test": {}}',
        certificate={"source": "private", "sha256": "ab" * 32},
        coordinators=(FIRST, SECOND),
        units={"mx1": frozenset({"foundationdb", "stalwart"})},
    )
    (target,) = targets(state)
    assert (target.name, target.root) == ("mx1", False)
    assert target.connection == {"host": "10.0.0.1", "privateKey": "key"}


def test_a_stack_that_is_not_there_wants_nothing_and_has_no_nodes() -> None:
    assert wanted({}) == Wanted()
    assert view({"deployment": None}).nodes == ()


@given(st.dictionaries(st.from_regex(r"[A-Z_]{1,9}", fullmatch=True), st.text(st.characters(exclude_characters="\0"))))
def test_every_value_comes_out_of_a_payload_as_it_went_in(values: dict[str, str]) -> None:
    payload = Script("host/prepare.sh").payload(values)
    assert dict(exports(payload)) == values
    assert shlex.split(payload.split("\n")[0]) == ["{"]


def test_a_key_that_mail_is_encrypted_with_is_told_of_two_weeks_before_it_ends() -> None:
    now = datetime.now(UTC)
    keys = {"anna": now + timedelta(days=13), "bob": now + timedelta(days=15), "eve": now - timedelta(days=1)}
    accounts = [
        {"address": f"{name}@dev.test", "encrypt": {"key": "", "algorithm": "", "until": f"{end:%Y-%m-%dT%H:%M:%SZ}"}}
        for name, end in keys.items()
    ]
    accounts += [{"address": "zoe@dev.test", "encrypt": {"key": "", "algorithm": ""}}, {"address": "tom@dev.test"}]
    document_ = json.dumps({**json.loads(Wanted.accounts), "accounts": accounts})
    (told,) = differences(replace(WELL, wanted=replace(WELL.wanted, accounts=document_)))
    assert told.subject == "account"
    assert told.what.startswith("keys that mail is encrypted with end, or have ended: 2: anna@dev.test (")
    assert "eve@dev.test" in told.what


def test_accounts_are_told_by_number_and_name_and_those_that_left_only_as_a_note() -> None:
    found = {
        "missing": [f"account p{number}@dev.test" for number in range(12)],
        "disabled": ["eve@dev.test"],
        "different": [],
        "left": ["gone@dev.test"],
    }
    view = replace(WELL, mail={**MAIL, "accounts": found})
    told = differences(view)
    assert [(one.subject, one.grave) for one in told] == [("account", True), ("account", True), ("account", False)]
    assert "lacks 12: account p0@dev.test" in told[0].what
    assert told[0].what.endswith("p9@dev.test and 2 more")
    assert told[1].what == "disabled by hand: eve@dev.test"
