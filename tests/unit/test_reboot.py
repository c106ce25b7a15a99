"""A host reboots only in its turn, and whatever happens its turn is given back and its mail server runs."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lib.console import Failed
from lib.foundationdb import fdbcli
from lib.foundationdb.status import read
from lib.stalwart import service
from lib.turn import claims, cluster, here, turn
from lib.turn.claims import Claim
from lib.turn.cluster import Cluster, Member
from lib.upkeep import back, interrupted, mark, reboot, renew

MEMBERS = {
    name: Member(f"10.77.0.1{n}", f"{name}.mail.dev.test", name, mail=n < 2)
    for n, name in enumerate(("mx1", "mx2", "db1"))
}
HELD = Claim(held=True, since=0, until=4_000_000_000, address="10.77.0.10", why="reboot mx1")


class Host:
    """What was done on a host, in its order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
        self.done: list[str] = []
        self.claims: dict[str, Claim] = {}
        self.gate = ""
        self.fails = ""
        self.state = "running"
        monkeypatch.setattr(turn, "NODE", "mx1")
        monkeypatch.setattr(here, "LOCK", place / "turn")
        monkeypatch.setattr(mark, "FILE", place / "reboot.json")
        monkeypatch.setattr(cluster, "read", lambda: Cluster(1, MEMBERS))
        monkeypatch.setattr(turn, "begin", self.begin)
        monkeypatch.setattr(turn, "give_back", lambda: self.did("give back", claims=True))
        monkeypatch.setattr(turn, "come_back", lambda: self.did("come back"))
        monkeypatch.setattr(claims, "live", lambda: self.claims)
        monkeypatch.setattr(service, "systemctl", self.systemctl)
        monkeypatch.setattr(service, "start", lambda: self.did("start mail"))
        monkeypatch.setattr(reboot, "drained", self.drained)
        monkeypatch.setattr(subprocess, "run", self.run)

    def did(self, what: str, *, claims: bool = False) -> None:
        self.done.append(what)
        if claims:
            self.claims.clear()

    def begin(self, why: str, _seconds: int = 0) -> None:
        if self.gate:
            raise Failed(self.gate)
        self.claims["mx1"] = HELD
        self.did("begin")

    @contextmanager
    def drained(self) -> Iterator[None]:
        self.did("drain")
        yield

    def systemctl(self, *arguments: str) -> str:
        if arguments[0] == "is-system-running":
            return self.state
        if arguments[0] == "is-active":
            return "inactive"
        self.did(" ".join(arguments))
        return ""

    def run(self, line: list[str], **_: object) -> object:
        self.did(" ".join(line))
        return type("Done", (), {"returncode": int(bool(self.fails)), "stderr": self.fails})()

    def boots(self) -> None:
        """Down and up again: another boot."""
        mark.FILE.write_text(mark.FILE.read_text().replace(mark.boot(), "the boot before"))


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Host:
    """A host of a mail node."""
    return Host(monkeypatch, tmp_path)


def test_mail_is_drained_and_stopped_in_the_turn_and_then_the_host_goes(host: Host) -> None:
    reboot.reboot("reboot mx1")
    assert host.done == ["begin", "drain", "stop stalwart", "systemctl reboot"]
    assert mark.is_of_this_boot()


def test_a_shut_gate_stops_nothing(host: Host) -> None:
    host.gate = "the mail server on mx2 does not greet"
    with pytest.raises(Failed, match="mx2 does not greet"):
        reboot.reboot("reboot mx1")
    reboot.undo()
    assert host.done == []


def test_a_claim_that_was_taken_and_came_to_nothing_is_given_back_though_nothing_was_stopped(host: Host) -> None:
    """The end came between the claim and the mark, or too hard for the run to clean up."""
    host.claims = {"mx1": HELD}
    reboot.undo()
    reboot.undo()
    assert host.done == ["give back"]


def test_a_claim_of_who_is_at_work_here_is_left_to_him(host: Host) -> None:
    host.claims = {"mx1": HELD}
    with here.only_one_here("restart it"):
        reboot.undo()
    assert host.done == []
    assert host.claims


def test_while_the_host_goes_down_a_claim_is_left_to_the_boot(host: Host) -> None:
    host.claims = {"mx1": HELD}
    host.state = "stopping"
    reboot.undo()
    assert host.claims


def test_a_reboot_is_not_undone_in_the_middle_of_another_runs_turn(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.fails = "Operation inhibited"
    with pytest.raises(Failed, match="Operation inhibited"):
        reboot.reboot("reboot mx1")
    host.done.clear()
    monkeypatch.setattr(here, "PATIENCE_SECONDS", 0)
    with here.only_one_here("restart it"), pytest.raises(Failed, match="begun to restart it"):
        reboot.undo()
    assert host.done == []
    host.claims.clear()
    reboot.undo()
    assert host.done == ["start mail"]
    assert not mark.FILE.exists()


def test_a_node_that_only_stores_has_no_mail_server_to_stop(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "NODE", "db1")
    reboot.reboot("reboot db1")
    assert host.done == ["begin", "systemctl reboot"]


def test_a_reboot_that_does_not_happen_is_undone(host: Host) -> None:
    host.fails = "Operation inhibited"
    with pytest.raises(Failed, match="Operation inhibited"):
        reboot.reboot("reboot mx1")
    host.done.clear()
    reboot.undo()
    assert host.done == ["start mail", "give back"]
    reboot.undo()
    assert host.done == ["start mail", "give back"]


def test_nothing_is_undone_while_the_host_goes_down(host: Host) -> None:
    reboot.reboot("reboot mx1")
    host.done.clear()
    host.state = "stopping"
    reboot.undo()
    assert host.done == []


def test_after_the_boot_the_turn_is_given_back_when_the_node_serves(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    reboot.reboot("reboot mx1")
    host.boots()
    host.done.clear()
    available = read({"client": {"database_status": {"available": True}}})
    monkeypatch.setattr(fdbcli, "status", lambda: available)
    monkeypatch.setattr(back, "MAIL_SECONDS", 0)
    silence = {"mx1": "connection refused"}
    monkeypatch.setattr(back, "silent_mail_nodes", lambda nodes: {name: silence[name] for name in nodes})
    with pytest.raises(Failed, match="connection refused"):
        back.back()
    assert host.done == ["come back"]
    assert mark.FILE.exists()
    silence["mx1"] = ""
    back.back()
    assert host.done == ["come back", "come back", "give back"]
    assert not mark.FILE.exists()


def test_after_the_boot_a_turn_that_another_run_here_took_over_is_left_to_it(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    reboot.reboot("reboot mx1")
    host.boots()
    host.done.clear()
    available = read({"client": {"database_status": {"available": True}}})
    monkeypatch.setattr(fdbcli, "status", lambda: available)
    monkeypatch.setattr(back, "silent_mail_nodes", lambda nodes: dict.fromkeys(nodes, ""))
    with here.only_one_here("restart it"):
        back.back()
    assert host.done == ["come back"]
    assert host.claims
    assert not mark.FILE.exists()


def test_a_turn_that_ended_meanwhile_is_not_taken_from_who_has_it_now(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    reboot.reboot("reboot mx1")
    host.boots()
    host.done.clear()
    host.claims = {"mx2": HELD}
    available = read({"client": {"database_status": {"available": True}}})
    monkeypatch.setattr(fdbcli, "status", lambda: available)
    back.back()
    assert host.done == []
    assert not mark.FILE.exists()


def test_a_turn_in_which_the_power_was_lost_is_given_back_after_the_boot(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    available = read({"client": {"database_status": {"available": True}}})
    monkeypatch.setattr(fdbcli, "status", lambda: available)
    host.claims = {"mx1": HELD}
    interrupted.interrupted()
    interrupted.interrupted()
    assert host.done == ["give back"]


def test_who_is_at_work_since_the_boot_keeps_the_turn_that_he_took_over(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    available = read({"client": {"database_status": {"available": True}}})
    monkeypatch.setattr(fdbcli, "status", lambda: available)
    host.claims = {"mx1": HELD}
    with here.only_one_here("restart it"):
        interrupted.interrupted()
    assert host.done == []


def test_the_mail_server_starts_again_also_when_restarts_after_updates_are_interrupted(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renew, "reboot_is_required", lambda: False)
    monkeypatch.setattr(renew, "outdated", lambda: ["foundationdb", "stalwart"])
    monkeypatch.setattr(renew, "NODE", "mx1")
    monkeypatch.setattr(renew, "drained", host.drained)

    def systemctl(*arguments: str) -> str:
        if arguments[0] == "restart":
            raise KeyboardInterrupt
        return host.systemctl(*arguments)

    monkeypatch.setattr(service, "systemctl", systemctl)
    with pytest.raises(KeyboardInterrupt):
        renew.renew()
    assert host.done == ["begin", "drain", "stop stalwart", "start mail", "give back"]


def test_updates_that_ask_for_nothing_take_no_turn(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renew, "reboot_is_required", lambda: False)
    monkeypatch.setattr(renew, "outdated", list)
    renew.renew()
    assert host.done == []
