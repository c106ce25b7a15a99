"""Mending runs every step on the hosts once more, and a host that is dead holds up nothing but its own steps."""

import time
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from tests.rehearsal import workspace
from tests.standins.providers.command import run_local
from tests.standins.providers.kind import Call
from tests.standins.providers.plugins import attached

from .conftest import Hosts, Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMBmZ2ZmZ2ZmZ2ZmZ2ZmZ2Zm"


def test_another_text_runs_every_step_on_the_hosts_once(stack: Stack, hosts: Hosts) -> None:
    stack().up()
    # The others run on this machine: the lab's own, and the one that only asks the hosts.
    everything = {name for name in hosts.names() if not name.startswith("lab-")} - {"fdb-find"}
    stack(mend="2026-11-25").up()
    assert set(hosts.names()) == everything | {"fdb-set-back-2026-11-25"}
    assert {f"fdb-install-mx{index}" for index in (1, 2, 3)} <= everything
    assert set(stack(mend="2026-11-25").up().summary.resource_changes or {}) == {"same"}
    assert hosts.names() == []


def existing(home: Path, environment: dict[str, str], address: str) -> automation.Stack:
    """One host, reached by way of this machine."""
    given: dict[str, Any] = {
        "platform": "existing",
        "nodes": {"mx1": {"address": "10.0.0.1", "ssh_address": address, "host_key": KEY}},
        "domains": {"dev.test": {}},
        # Nothing listens on the port of discard.
        "ssh": {"port": 9},
    }
    config = {f"stalwart-cluster:{key}": value for key, value in given.items()}
    return workspace.stack(home, "dev", config, environment)


def test_a_dead_existing_host_holds_up_neither_preview_nor_refresh_nor_destroy(tmp_path: Path, hosts: Hosts) -> None:
    """The release is real and finds nobody there; all other steps are written down."""
    said: list[str] = []

    def local(call: Call, inputs: dict[str, Any], text: str) -> tuple[str, str]:
        return (run_local if "local/release_host.sh" in text else hosts)(call, inputs, text)

    with attached(local=local, over_ssh=hosts) as environment:
        existing(tmp_path, environment, "127.0.0.1").up()
        began = time.monotonic()
        existing(tmp_path, environment, "127.0.0.1").preview()
        existing(tmp_path, environment, "127.0.0.1").refresh()
        existing(tmp_path, environment, "127.0.0.1").destroy(on_output=said.append, color="never")
        assert time.monotonic() - began < 60
        left = (existing(tmp_path, environment, "127.0.0.1").export_stack().deployment or {}).get("resources")
    told = "\n".join(said)
    assert "WARNING: 127.0.0.1 could not be told that it leaves the stack" in told
    assert "what is left on it: its services" in told
    assert not left
