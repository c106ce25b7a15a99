"""Runs that are interrupted: each time the same command goes on from there, and mail takes no notice."""

import hashlib
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from components.remote import script
from tests.chaos.blow import Blow
from tests.rehearsal import packages
from tests.standins.providers.command import remote, run_local

from .conftest import Lab, Labs, rehearsed
from .people import until
from .service import Service

pytestmark = [pytest.mark.lab, pytest.mark.chaos, pytest.mark.timeout(1200)]

NODES = ("mx1", "mx2", "mx3")
UNTOUCHED = 5.0
"""Seconds without an accepted message that a busy machine may show when nothing happens to the service."""

CONFIG: dict[str, Any] = {"platform": "lab", "nodes": {name: {} for name in NODES}, "domains": {"dev.test": {}}}
HOSTS = Path("/var/lib/stalwart-cluster/lab")

STRIKE = """#!/bin/bash
# Reads what dpkg does, and kills it when the server's files are there and nothing else of it is done.
while read -r line; do
  case $line in
  "status: foundationdb-server"*": unpacked"*)
    rm -f /etc/dpkg/dpkg.cfg.d/chaos
    kill -KILL $(pgrep -x dpkg)
    ;;
  esac
done
"""

HOLD = """printf %s "$PPID" >/run/chaos.reached
wait_for 120 "the test" test ! -e /run/chaos.hold
"""
"""In mid-step: says which process holds the connection, and goes on when it may."""


@pytest.fixture(scope="module")
def lab(labs: Labs) -> Lab:
    """A cluster that is not up yet."""
    return labs.new("tr", **CONFIG, lab={"network": "10.82.1.0/24"})


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the scripts that a test may change."""
    copy = tmp_path / "scripts"
    shutil.copytree(script.SCRIPTS, copy)
    monkeypatch.setattr(script, "SCRIPTS", copy)
    yield copy
    script.script.cache_clear()


def processes(lab: Lab) -> list[str]:
    """The servers' processes on every node."""
    show = "systemctl show -P MainPID foundationdb nats-server stalwart; pgrep -x fdbserver || true"
    return [lab.ssh(node, show) for node in NODES]


def test_up_killed_after_each_step_in_turn_is_finished_by_the_next(tmp_path: Path) -> None:
    """Each step is done on its host when the blow comes, and the state does not know."""
    blow = Blow()
    with rehearsed(tmp_path, local=blow.after(run_local), over_ssh=blow.after(remote)) as labs:
        lab = labs.new("tk", **CONFIG, lab={"network": "10.82.3.0/24"})
        struck = -1
        while len(blow.struck) > struck:
            struck = len(blow.struck)
            try:
                lab.up()
            except automation.CommandError:
                assert len(blow.struck) > struck, f"it failed by itself, after blows to {blow.struck}"
                lab.unlock()
        assert set(lab.up().summary.resource_changes or {}) == {"same"}
        steps = (lab.stack.export_stack().deployment or {})["resources"]
        wanted = {step["urn"].rsplit("::", 1)[1] for step in steps if step["type"].startswith("command:")}
        assert wanted <= set(blow.struck)
        assert len(lab.outputs()["verification"]["pairs"]) == 6
        Service(lab).until_well()


def installed(root: Path) -> bool:
    """Whether dpkg in a host's tree is done with the server."""
    line = ["chroot", str(root), "dpkg-query", "-W", "-f", "${Status}", "foundationdb-server"]
    return "ok installed" in subprocess.run(line, capture_output=True, text=True, check=False).stdout


def test_a_package_that_was_half_installed_is_mended_by_the_next_up(lab: Lab, labs: Labs) -> None:
    """On one node dpkg is killed between unpacking the server and setting it up."""
    place = HOSTS / "stalwart-cluster-tr" / "mx2" / "root"
    planted = threading.Event()

    def plant() -> None:
        """As soon as the host is there: before any package of ours is."""
        until((place / "etc/dpkg/dpkg.cfg.d").is_dir, "the host mx2", 300)
        (place / "usr/local/sbin/chaos-strike").write_text(STRIKE)
        (place / "usr/local/sbin/chaos-strike").chmod(0o755)
        (place / "etc/dpkg/dpkg.cfg.d/chaos").write_text("status-logger=/usr/local/sbin/chaos-strike\n")
        planted.set()

    planter = threading.Thread(target=plant, daemon=True)
    planter.start()
    with pytest.raises(automation.CommandError, match="could not be installed"):
        lab.up()
    assert planted.is_set()
    assert not installed(place)
    lab.up()
    assert lab.ssh("mx2", "dpkg-query -W -f '${Status}' foundationdb-server") == "hold ok installed"
    assert lab.ssh("mx2", "dpkg --audit") == ""
    Service(lab).until_well()


def test_a_step_whose_connection_is_cut_is_done_again_and_mail_takes_no_notice(lab: Lab, scripts: Path) -> None:
    service = Service(lab)
    install = scripts / "foundationdb" / "install.sh"
    assert "\nwrite_configuration\n" in install.read_text()
    install.write_text(install.read_text().replace("\nwrite_configuration\n", f"\n{HOLD}write_configuration\n"))
    before = processes(lab)
    with service.under_load("connection cut in mid-step", UNTOUCHED) as load:
        lab.ssh("mx2", "touch /run/chaos.hold")
        failed: list[str] = []

        def run() -> None:
            try:
                lab.up()
            except automation.CommandError as error:
                failed.append(str(error))

        running = threading.Thread(target=run, daemon=True)
        running.start()
        until(lambda: lab.ssh("mx2", "cat /run/chaos.reached 2>/dev/null || true") != "", "the step on mx2", 60)
        lab.ssh("mx2", "kill -KILL $(cat /run/chaos.reached)")
        running.join(120)
        assert not running.is_alive()
        assert failed
        assert "fdb-install-mx2" in failed[0]
        assert "remote command exited without exit status" in failed[0]
        lab.ssh("mx2", "rm -f /run/chaos.hold")
        lab.up()
        load.until_accepted()
    assert processes(lab) == before
    service.until_well()


def test_a_damaged_release_in_mid_upgrade_restarts_nothing(lab: Lab, tmp_path: Path) -> None:
    """The file of the new release is not what was pinned: it is refused on every node before anything is touched."""
    service = Service(lab)
    path = Path("stalwart/v0.16.28/stalwart-foundationdb-x86_64-unknown-linux-gnu.tar.gz")
    whole = packages.mirror(tmp_path, "7.4.6", "0.16.27")
    good = (whole / str(path).replace("0.16.28", "0.16.27")).read_bytes()
    mirror = tmp_path / "mirror"
    shutil.copytree(whole / "foundationdb", mirror / "foundationdb")
    (mirror / path).parent.mkdir(parents=True)
    (mirror / path).write_bytes(good[: len(good) // 2])
    kept = dict(lab.config)
    before = processes(lab)
    with service.under_load("damaged release in mid-upgrade", UNTOUCHED) as load:
        release = {"stalwart": "0.16.28", "stalwart_sha256": {"amd64": hashlib.sha256(good).hexdigest()}}
        lab.config |= {"stalwart-cluster:mirror": str(mirror), "stalwart-cluster:release": release}
        with pytest.raises(automation.CommandError, match="has the digest"):
            lab.up()
        load.until_accepted(more=10)
    assert processes(lab) == before
    assert {lab.ssh(node, "readlink /usr/local/bin/stalwart").rsplit("-", 1)[1].strip() for node in NODES} == {
        "0.16.27"
    }
    lab.config.clear()
    lab.config.update(kept)
    lab.up()
    assert processes(lab) == before
    service.until_well()
