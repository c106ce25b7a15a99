"""What a preview and a run say of each step that runs again, and of what goes down."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from components.reasons import watch

from .conftest import Hosts, Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

NODES: dict[str, Any] = {f"mx{index}": {} for index in range(1, 5)}
NEWER = {"foundationdb": "7.4.7", "stalwart": "0.16.28"}
TURNS = (
    "one node after the other, those that wait in the order of their names, each only when the cluster can lose a zone."
)
DATABASE_DOWN = "While FoundationDB restarts, the cluster survives the loss of no zone instead of any 1 zone."


class Told:
    """The engine's messages as they come: what is said of each resource, and the warnings."""

    def __init__(self) -> None:
        self.of: dict[str, str] = {}
        self.warnings: list[str] = []
        self.everything: list[str] = []

    def __call__(self, event: automation.EngineEvent) -> None:
        self.everything.append(repr(vars(event)))
        if (said := event.diagnostic_event) is None:
            return
        self.everything.append(said.message)
        text = said.message.replace("<{%reset%}>", "").strip()
        if said.severity == "warning":
            self.warnings.append(text)
        elif said.severity.startswith("info") and said.urn:
            self.of[said.urn.rsplit("::", 1)[1]] = text

    def again(self) -> dict[str, str]:
        """The steps that run again, or may, and why."""
        return {name: text for name, text in self.of.items() if " again: " in text}


def listened(run: Callable[..., Any]) -> Told:
    told = Told()
    run(on_event=told, color="never")
    return told


def test_an_upgrade_is_told_step_by_step_and_warned_of_once(stack: Stack, hosts: Hosts) -> None:
    stack().up()
    hosts.names()
    told = listened(stack(release=NEWER).preview)
    assert hosts.names() == []
    for node in ("mx1", "mx2", "mx3"):
        assert told.of[f"fdb-install-{node}"] == (
            "runs again: FDB_VERSION 7.4.6 -> 7.4.7; FDB_SOURCE changed; restarts FoundationDB"
        )
        assert told.of[f"mail-install-{node}"].startswith("runs again: STALWART_VERSION 0.16.27 -> 0.16.28;")
        assert told.of[f"mail-install-{node}"].endswith("; restarts the mail server")
    assert told.of["fdb-database"].startswith("runs again: FDB_VERSION 7.4.6 -> 7.4.7;")
    assert told.of["proof-mail"].startswith("may run again: CAUSE ")
    assert told.warnings == [f"FoundationDB and the mail server restart on mx1, mx2, mx3, {TURNS} {DATABASE_DOWN}"]


def test_a_run_tells_the_same_and_warns_before_anything_goes_down(stack: Stack, hosts: Hosts) -> None:
    stack().up()
    hosts.names()
    foreseen = listened(stack(release=NEWER).preview)
    told = listened(stack(release=NEWER).up)
    assert set(told.again()) == {*hosts.names()} == set(foreseen.again())
    assert told.of["fdb-install-mx2"] == foreseen.of["fdb-install-mx2"]
    assert told.of["proof-mail"] == "runs again: CAUSE (what was done before it) changed"
    assert told.of["proof-database-mx2"] == told.of["proof-mail"]
    database, mail = sorted(told.warnings)
    assert database == f"FoundationDB restarts on mx1, mx2, mx3, {TURNS} {DATABASE_DOWN}"
    assert mail.startswith(f"The mail server restarts on mx1, mx2, mx3, {TURNS}")


def test_what_was_done_before_a_failure_is_not_foreseen_again(stack: Stack, hosts: Hosts) -> None:
    stack().up()
    hosts.failing = {"fdb-install-mx3"}
    with pytest.raises(automation.CommandError):
        stack(release={"foundationdb": "7.4.7"}).up()
    told = listened(stack(release={"foundationdb": "7.4.7"}).preview)
    assert {name for name in told.again() if name.startswith("fdb-install")} == {"fdb-install-mx3"}
    assert [warning.partition(",")[0] for warning in told.warnings] == ["FoundationDB restarts on mx3"]


def test_who_joins_and_who_leaves_is_told(stack: Stack) -> None:
    stack(nodes=NODES).up()
    fewer = listened(stack(nodes={name: {} for name in NODES if name != "mx2"}).preview)
    assert fewer.of["hosts-prepare-mx1"] == "runs again: CLUSTER: nodes changed; HOSTS: mx2 leaves"
    assert fewer.of["fdb-database"].startswith(
        "runs again: COORDINATORS: 10.77.0.14:4500 joins, 10.77.0.12:4500 leaves;"
        " PROCESSES: 10.77.0.12:4500 in zone mx2 leaves"
    )
    more = listened(stack(nodes=NODES | {"mx5": {}}).preview)
    assert "PROCESSES: 10.77.0.15:4500 in zone mx5 joins; REDUNDANCY double -> triple" in more.of["fdb-database"]
    assert "fdb-install-mx5" not in more.of, "the engine says that it is new"


def test_settings_that_are_taken_up_at_a_start_are_warned_of_and_others_are_not(stack: Stack) -> None:
    stack().up()
    two = {"domains": {"dev.test": {}, "example.org": {}}, "mail": {"domain": "dev.test"}}
    other = listened(stack(**two).preview)
    assert other.of["directory-apply"] == (
        "runs again: DIRECTORY: domains changed; SIGNING_KEYS is known only in the run;"
        " SIGNING_TEXTS is known only in the run"
    )
    assert "mail-first" not in other.of, "the settings of the mail servers are as they were"
    assert other.warnings == []
    told = listened(stack(mail={"submission": True}).preview)
    assert told.of["mail-first"] == "runs again: WISH: submission changed; restarts the mail server"
    assert told.of["mail-start-mx2"].endswith("; restarts the mail server")
    assert [warning.partition(",")[0] for warning in told.warnings] == ["The mail server restarts on mx1"]


def test_a_changed_script_is_told_without_alarm(stack: Stack, scripts: Path) -> None:
    stack().up()
    changed = scripts / "coordinator/install.sh"
    changed.write_text(changed.read_text() + "# another line\n")
    told = listened(stack().preview)
    nodes = ("mx1", "mx2", "mx3")
    assert set(told.again()) == {f"{step}-{node}" for step in ("hosts-scripts", "nats-install") for node in nodes}
    assert told.of["hosts-scripts-mx1"] == "runs again: FILES (what is sent) changed"
    assert told.of["nats-install-mx1"].startswith("runs again: scripts/coordinator/install.sh changed, ")
    assert told.warnings == []


def test_of_a_changed_password_only_the_name_is_told(stack: Stack, hosts: Hosts) -> None:
    stack().up()
    before = hosts.given["mail-first"].partition("ADMIN_PASSWORD=")[2].partition("\n")[0]
    assert len(before) == 32
    made = stack()
    made.set_config("stalwart-cluster:admin_password", automation.ConfigValue("geheim'1", secret=True))
    told = [listened(made.preview), listened(made.up)]
    for each in told:
        assert each.of["mail-first"] == "runs again: ADMIN_PASSWORD changed"
        assert before not in "\n".join(each.everything)
        assert "geheim" not in "\n".join(each.everything)
    assert "geheim" in hosts.given["mail-first"]


def test_a_strict_policy_is_warned_of_where_a_domain_is_new_and_only_there(stack: Stack) -> None:
    strict: dict[str, Any] = {"dns": {"dmarc": "reject"}, "mail": {"domain": "dev.test"}}
    first = {"dev.test": {}, "two.test": {"dmarc": "none"}}
    (told,) = listened(stack(domains=first, **strict).preview).warnings
    assert told.startswith("dev.test is new here and begins with dmarc reject")
    assert listened(stack(domains=first, **strict).up).warnings == [told]

    # Another key is no new domain, and a policy that became strict in its time no first day.
    second = {"dev.test": {"dkim": {"keys": [1, 2]}}, "two.test": {"dmarc": "quarantine"}}
    assert listened(stack(domains=second, **strict).preview).warnings == []
    (told,) = listened(stack(domains={**second, "three.test": {}}, **strict).preview).warnings
    assert told.startswith("three.test is new here")


def test_another_line_of_the_database_is_refused_in_a_preview_and_where_it_is_allowed_warned_of(stack: Stack) -> None:
    stack().up()
    with pytest.raises(automation.CommandError, match="all processes of the database go over at once"):
        stack(release={"foundationdb": "7.5.0"}).preview()

    def at_once(run: Callable[..., Any]) -> tuple[int, str]:
        told = listened(run)
        found = [warning for warning in told.warnings if "all its processes (mx1, mx2, mx3) restart at once" in warning]
        return len(found), told.of.get("fdb-window", "")

    changed: dict[str, Any] = {"release": {"foundationdb": "7.5.0"}, "allow": ["database_line"]}
    assert at_once(stack(**changed).preview) == (1, "")
    assert at_once(stack(**changed).up) == (1, "")
    changed["release"] = {"foundationdb": "7.5.2"}
    count, told = at_once(stack(**changed).up)
    assert (count, told) == (0, "runs again: FDB_VERSION 7.5.0 -> 7.5.2")
    changed["release"] = {"foundationdb": "7.6.0"}
    count, told = at_once(stack(**changed).preview)
    assert count == 1
    assert told.startswith("runs again: FDB_VERSION 7.5.2 -> 7.6.0;")
    assert told.endswith("; restarts FoundationDB and the mail server on all nodes at once")


def test_a_step_that_cannot_be_compared_runs_nevertheless(
    stack: Stack, hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack().up()
    hosts.names()

    def broken(*_: object) -> None:
        raise ValueError("geheim")

    monkeypatch.setattr(watch, "difference", broken)
    told = listened(stack(mail={"store_timeout": 30}).up)
    assert told.of["mail-install-mx1"] == "runs again; why cannot be told: ValueError"
    assert "geheim" not in "\n".join(told.everything)
    assert "mail-install-mx1" in hosts.names()


def test_a_stack_that_was_watched_is_refreshed_and_destroyed_without_the_program(stack: Stack) -> None:
    stack().up()
    state = (stack().export_stack().deployment or {})["resources"]
    steps = [kept for kept in state if kept["type"].endswith(":Command")]
    assert steps
    assert all(step.get("resourceHooks") for step in steps), "the state names the hook"
    stack().refresh()
    assert set(stack().up().summary.resource_changes or {}) == {"same"}
    stack().destroy()
    assert not (stack().export_stack().deployment or {}).get("resources")
