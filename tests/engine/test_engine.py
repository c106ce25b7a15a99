"""The program under the real engine: what it plans, does, repeats, resumes and removes."""

import contextlib
import json
import os
import re
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from tests.rehearsal import engine

from .conftest import Hosts, Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

STEPS_OF_THREE_NODES = 37


def resources(made: automation.Stack) -> list[dict[str, Any]]:
    """What the state holds."""
    return list((made.export_stack().deployment or {}).get("resources", []))


def test_a_preview_plans_everything_and_runs_nothing(stack: Stack, hosts: Hosts) -> None:
    planned = stack().preview()
    assert planned.change_summary.get(automation.OpType.CREATE, 0) > STEPS_OF_THREE_NODES
    assert hosts.names() == []


def test_up_then_unchanged_up_then_destroy(stack: Stack, hosts: Hosts) -> None:
    outputs = stack().up().outputs
    assert outputs["fault_tolerance"].value["wanted"] == 1
    assert outputs["admin"].secret
    assert len(hosts.names()) == STEPS_OF_THREE_NODES

    again = stack().up()
    assert set(again.summary.resource_changes or {}) == {"same"}
    assert hosts.names() == [], "an unchanged stack runs nothing on any host"

    stack().destroy()
    removed = hosts.names()
    assert sorted(removed) == ["lab-host-mx1", "lab-host-mx2", "lab-host-mx3", "lab-network"]
    assert removed[-1] == "lab-network"
    assert resources(stack()) == []


def test_a_changed_script_runs_again_in_place_with_what_depends_on_it(
    stack: Stack, hosts: Hosts, scripts: Path
) -> None:
    stack().up()
    hosts.names()
    changed = scripts / "coordinator/install.sh"
    changed.write_text(changed.read_text() + "# another line\n")
    result = stack().up()
    ran = hosts.names()
    assert ran.index("hosts-scripts-mx1") < ran.index("nats-install-mx1"), "or it would run what lay there before"
    nodes = ("mx1", "mx2", "mx3")
    assert sorted(ran) == [f"{step}-{node}" for step in ("hosts-scripts", "nats-install") for node in nodes]
    changes = {str(kind): count for kind, count in (result.summary.resource_changes or {}).items()}
    assert changes.get("update") == 6
    assert not {"create", "replace", "delete"} & set(changes)


def test_a_changed_setting_runs_the_steps_it_reaches_and_proves_again(stack: Stack, hosts: Hosts) -> None:
    stack().up()
    hosts.names()
    stack(mail={"submission": True}).up()
    assert set(hosts.names()) == {
        "mail-first",
        "mail-start-mx2",
        "mail-start-mx3",
        "dns-shown",  # programs are told of the port
        "proof-mail",
        "proof-database-mx1",
        "proof-database-mx2",
        "proof-database-mx3",
    }


@pytest.mark.parametrize("name", ["hosts-prepare-mx2", "fdb-install-mx3", "fdb-database", "mail-first", "proof-mail"])
def test_a_failed_step_is_named_and_the_next_up_goes_on_from_there(stack: Stack, hosts: Hosts, name: str) -> None:
    hosts.failing = {name}
    with pytest.raises(automation.CommandError) as failed:
        stack().up(color="never")
    assert "error: told to fail" in str(failed.value)
    done = set(hosts.names()) - {name}

    hosts.failing = set()
    stack().up()
    again = set(hosts.names())
    assert name in again
    assert not done & again, "what was done is not done again"


def test_no_secret_is_in_the_state_or_in_what_is_shown(stack: Stack, hosts: Hosts, tmp_path: Path) -> None:
    shown: list[str] = []
    stack().up(on_output=shown.append)
    secrets = set(re.findall(r"(?:NATS|ADMIN|PROBE)_PASSWORD=(\w+)", "\n".join(hosts.given.values())))
    keys = re.findall(r"BEGIN OPENSSH PRIVATE KEY-----\n(\S+)", "\n".join(hosts.given.values()))
    assert len(secrets) == 3
    assert keys
    everything = "\n".join(
        path.read_text(errors="replace") for path in (tmp_path / "home").rglob("*") if path.suffix in {".json", ".bak"}
    )
    for secret in (*secrets, *keys, "0123456789abcdef@10.77.0.11"):
        assert secret not in everything
        assert secret not in "\n".join(shown)


def test_no_secret_is_in_the_error_of_a_failed_step(stack: Stack, hosts: Hosts) -> None:
    hosts.failing = {"mail-first"}
    with pytest.raises(automation.CommandError) as failed:
        stack().up()
    for secret in re.findall(r"(?:NATS|ADMIN|PROBE)_PASSWORD=(\w+)", "\n".join(hosts.given.values())):
        assert secret not in str(failed.value)


def test_a_stack_file_with_mistakes_is_refused_without_a_traceback(stack: Stack, hosts: Hosts) -> None:
    with pytest.raises(automation.CommandError) as refused:
        stack(domians=["dev.test"], fault_tolerance=2).up()
    told = str(refused.value)
    assert "stalwart-cluster:domians: is not a setting (did you mean domains?)" in told
    assert "stalwart-cluster:fault_tolerance: 2 needs 5 zones" in told
    assert "Traceback" not in told
    assert hosts.names() == []


def test_an_empty_stack_file_is_refused_by_the_program_not_by_the_engine(stack: Stack) -> None:
    with pytest.raises(automation.CommandError, match="stalwart-cluster:nodes: must not be empty"):
        stack(nodes={}, domains={}).preview()


def test_two_runs_at_once_are_refused(stack: Stack, hosts: Hosts) -> None:
    hosts.held["fdb-database"] = threading.Event()
    first = stack()
    running = threading.Thread(target=first.up, daemon=True)
    running.start()
    assert hosts.reached.wait(60)
    try:
        with pytest.raises(automation.ConcurrentUpdateError):
            stack().destroy()
    finally:
        hosts.held["fdb-database"].set()
        running.join(120)
    assert not running.is_alive()


def kept(place: Path) -> set[str]:
    """The resources that the state holds, while a run has it."""
    for path in place.rglob("dev.json"):
        with contextlib.suppress(ValueError, KeyError, TypeError):  # it is being written
            resources = json.loads(path.read_text())["checkpoint"]["latest"]["resources"]
            return {str(resource["urn"]).rsplit("::", 1)[1] for resource in resources}
    return set()


def test_a_run_that_was_killed_is_finished_by_the_next(stack: Stack, hosts: Hosts, tmp_path: Path) -> None:
    hosts.held["fdb-database"] = threading.Event()
    killed: list[automation.CommandError] = []

    def run() -> None:
        try:
            first.up()
        except automation.CommandError as error:
            killed.append(error)

    first = stack()
    running = threading.Thread(target=run, daemon=True)
    running.start()
    assert hosts.reached.wait(60)
    # What does not wait for the database goes on beside it, and is to be done and written down before the blow.
    beside = {f"{step}-install-mx{index}" for step in ("mail", "nats") for index in (1, 2, 3)}
    end = time.monotonic() + 60
    while not beside <= kept(tmp_path / "home" / "backend"):
        assert time.monotonic() < end, "gave up waiting for the steps beside the database"
        time.sleep(0.1)
    for process in engine.running():
        os.kill(process, signal.SIGKILL)
    hosts.held.pop("fdb-database").set()
    running.join(60)
    assert killed
    done = set(hosts.names()) - {"fdb-database"}

    stack().cancel()
    stack().up()
    again = set(hosts.names())
    assert "fdb-database" in again
    assert "proof-mail" in again
    assert not done & again
    assert set(stack().up().summary.resource_changes or {}) == {"same"}
