"""Which processes may leave the cluster: not one whose data the others could not hold."""

import json
from pathlib import Path

import pytest
from lib.console import Failed
from lib.foundationdb import fdbcli, membership
from lib.foundationdb.status import Status, read, still_holding

RECORDINGS = Path(__file__).parents[1] / "recordings" / "foundationdb"
FIRST, SECOND, THIRD = (f"10.77.0.1{index}:4500" for index in (1, 2, 3))
TWO = {FIRST: "n1", SECOND: "n2"}


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands that were given to the database."""
    commands: list[str] = []

    def command(text: str, *_: object) -> tuple[int, str]:
        commands.append(text)
        return 0, ""

    monkeypatch.setattr(fdbcli, "command", command)
    return commands


def recorded(monkeypatch: pytest.MonkeyPatch, number: str) -> Status:
    (path,) = RECORDINGS.glob(f"{number}-*.json")
    status = read(json.loads(path.read_text())["json"])
    monkeypatch.setattr(fdbcli, "status", lambda *_: status)
    return status


def test_of_three_healthy_nodes_one_may_go(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(monkeypatch, "20")
    assert membership.leaving(TWO, "double") == {THIRD}


def test_nobody_goes_where_all_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(monkeypatch, "20")
    assert not membership.leaving({**TWO, THIRD: "n3"}, "double")


def test_the_last_zone_that_a_copy_needs_does_not_go(monkeypatch: pytest.MonkeyPatch, given: list[str]) -> None:
    recorded(monkeypatch, "20")
    with pytest.raises(Failed, match="the others stand in 1 zones, double redundancy needs 2"):
        membership.leaving({FIRST: "n1"}, "double")
    assert not given


def test_nobody_goes_while_a_copy_is_missing(monkeypatch: pytest.MonkeyPatch, given: list[str]) -> None:
    status = recorded(monkeypatch, "22")
    here = sorted(process.address for process in status.processes)
    with pytest.raises(Failed, match="cannot be taken out now: a generation of the log has lost a copy"):
        membership.leaving({here[0]: "n1"}, "single")
    assert not given


def test_who_comes_back_is_included_and_nobody_else(monkeypatch: pytest.MonkeyPatch, given: list[str]) -> None:
    status = recorded(monkeypatch, "48")
    (excluded,) = status.excluded_servers
    membership.take_back({FIRST: "n1", SECOND: "n2", THIRD: "n3"})
    assert given == [f"include {excluded}"]
    given.clear()
    membership.take_back({address: "zone" for address in (FIRST, SECOND, THIRD) if not address.startswith(excluded)})
    assert not given


def test_an_excluded_process_is_told_until_it_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    healthy = recorded(monkeypatch, "20")
    (told,) = still_holding(healthy, {THIRD})
    assert told.startswith(f"{THIRD} is still")
    assert not still_holding(healthy, frozenset())


def test_an_exclusion_that_is_not_confirmed_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    status = recorded(monkeypatch, "20")
    monkeypatch.setattr(fdbcli, "command", lambda text, *_: (int("no_wait" not in text), "timed out"))
    with pytest.raises(Failed, match="does not confirm that"):
        membership.take_out({THIRD}, lambda *_: status)
