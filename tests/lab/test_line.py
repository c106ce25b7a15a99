"""FoundationDB of another line, under load: all processes at once, in one short window. In this order."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi import automation

from tests.rehearsal import engine, packages
from tests.standins.providers.command import remote
from tests.standins.providers.kind import Call, Failure

from .conftest import Lab, Labs, rehearsed
from .people import status, until
from .service import Service

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1800)]
chaos = pytest.mark.chaos

NODES = ("mx1", "mx2", "mx3")
STALWART = "0.16.27"
LINES = ("7.4.6", "7.5.0", "7.6.0")

AWAY = 30.0
"""Seconds in which nobody may accept anything: a recovery of the whole database, after which every mail server finds it
again through another client library."""


LED_BACK = 60.0
"""As many while a process that ended by itself is in the new line before its time: seen for ten, then led back."""


class Cut:
    """Kills the engine instead of beginning a step, or when it is done and nobody has written that down; each once."""

    def __init__(self) -> None:
        self.before = ""
        self.after = ""

    def __call__(self, call: Call, inputs: dict[str, Any], text: str) -> tuple[str, str]:
        name = call.urn.rsplit("::", 1)[1]
        if name == self.before:
            self.before = ""
            raise self._blow()
        printed = remote(call, inputs, text)
        if name == self.after:
            self.after = ""
            raise self._blow()
        return printed

    @staticmethod
    def _blow() -> Failure:
        for process in engine.running():
            os.kill(process, signal.SIGKILL)
        return Failure("cut short")


@pytest.fixture(scope="module")
def cut() -> Cut:
    """What cuts a run short."""
    return Cut()


@pytest.fixture(scope="module")
def labs(tmp_path_factory: pytest.TempPathFactory, cut: Cut) -> Iterator[Labs]:
    """Labs whose runs can be cut short."""
    with rehearsed(tmp_path_factory.mktemp("labs"), over_ssh=cut) as made:
        yield made


@pytest.fixture(scope="module")
def lab(labs: Labs) -> Iterator[Lab]:
    """Three nodes with the oldest line."""
    with pytest.MonkeyPatch.context() as patch:
        first, *newer = ((line, STALWART) for line in LINES)
        patch.setenv("STALWART_CLUSTER_MIRROR", str(packages.mirror(labs.place, *first, *newer)))
        made = labs.new(
            "tn",
            platform="lab",
            nodes={name: {} for name in NODES},
            domains={"dev.test": {}},
            release={"foundationdb": LINES[0], "stalwart": STALWART},
            lab={"network": "10.82.8.0/24"},
        )
        made.up()
        yield made


@pytest.fixture(scope="module")
def service(lab: Lab) -> Service:
    """Its mail service."""
    return Service(lab)


def want(lab: Lab, release: str) -> None:
    lab.config |= {
        "stalwart-cluster:release": {"foundationdb": release, "stalwart": STALWART},
        "stalwart-cluster:allow": ["database_line"],
    }


def assert_over(lab: Lab, release: str) -> None:
    """Every process and package is of the release, and nothing is left of the way there."""
    outputs = lab.outputs()
    assert {node["foundationdb"] for node in outputs["nodes"].values()} == {release}
    assert outputs["fault_tolerance"]["without_losing_availability"] == 1
    for node in NODES:
        assert f"(v{release})" in lab.ssh(node, "fdbcli --version")
        assert lab.ssh(node, "command -v fdbcli").strip() == "/usr/bin/fdbcli"
        assert "/usr/sbin/fdbserver" in lab.ssh(node, "pgrep -a -x fdbserver")
        left = "ls -d /usr/local/lib/stalwart-cluster/foundationdb-* /etc/systemd/system/*/foundationdb-line.conf"
        assert lab.ssh(node, f"{left} 2>/dev/null || true") == ""
    assert "turn" not in lab.ssh("mx1", "fdbcli --no-status --exec 'getrange \\xfe/ \\xff 100'")


def test_the_database_goes_over_to_another_line_while_mail_comes_in(lab: Lab, service: Service) -> None:
    want(lab, LINES[1])
    with service.under_load("another line", AWAY) as load:
        lab.up()
        load.until_accepted(seconds=60)
    assert_over(lab, LINES[1])
    assert set(lab.up().summary.resource_changes or {}) == {"same"}
    service.until_well()


def test_the_permission_is_taken_out_again_and_nothing_runs(lab: Lab) -> None:
    del lab.config["stalwart-cluster:allow"]
    assert set(lab.up().summary.resource_changes or {}) == {"same", "delete"}
    lab.config["stalwart-cluster:release"] = {"foundationdb": LINES[2], "stalwart": STALWART}
    with pytest.raises(automation.CommandError, match="add database_line to allow"):
        lab.up()


@chaos
def test_a_run_that_is_cut_short_before_the_window_and_behind_it_is_gone_on_with(
    lab: Lab, service: Service, cut: Cut
) -> None:
    """Meanwhile a process ends by itself: it comes up in the new line, and the database stops until it is led back."""
    want(lab, LINES[2])
    with service.under_load("another line, cut short", LED_BACK) as load:
        cut.before = "fdb-window"
        with pytest.raises(automation.CommandError):
            lab.up()
        lab.unlock()
        load.until_accepted(seconds=60)
        assert "was begun and is not ended" in status(lab)[1]
        lab.ssh("mx3", "systemctl restart foundationdb")
        until(
            lambda: " /usr/sbin/fdbserver " in lab.ssh("mx3", "pgrep -a -x fdbserver || true"),
            "the process to be led back",
            seconds=120,
            pause=1,
        )
        load.until_accepted(seconds=60)
        cut.after = "fdb-window"
        with pytest.raises(automation.CommandError):
            lab.up()
        lab.unlock()
        load.until_accepted(seconds=60)
        for node in NODES:
            assert "3 addresses" in lab.ssh(node, "fdbcli --no-status --timeout 20 --exec kill")
        lab.up()
        load.until_accepted(seconds=60)
    assert_over(lab, LINES[2])
    assert set(lab.up().summary.resource_changes or {}) == {"same"}
    service.until_well()
