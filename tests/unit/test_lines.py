"""When a database may go over to another line, and when it has: by statuses of the real one."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from lib.foundationdb.lines import against_going_over, line_of, not_over
from lib.foundationdb.status import Status, read

RECORDINGS = Path(__file__).parents[1] / "recordings" / "foundationdb"


def recorded(number: str) -> Status:
    (path,) = RECORDINGS.glob(f"{number}-*.json")
    return read(json.loads(path.read_text())["json"])


WELL = replace(recorded("20"), seconds_since_last_recovered=60.0)
ONE_DOWN = replace(recorded("23"), seconds_since_last_recovered=60.0)
PROCESSES = {process.address: process.zone for process in WELL.processes}
(DEAD,) = {*PROCESSES} - {process.address for process in ONE_DOWN.processes}


def test_releases_of_one_line_have_two_numbers_in_common() -> None:
    assert {line_of(release) for release in ("7.4.6", "7.4.8-1", "7.4.6-1.SNAPSHOT")} == {"7.4"}
    assert line_of("7.10.0") != line_of("7.1.0")
    assert line_of("") == ""


def test_a_cluster_that_is_whole_may_go_over() -> None:
    assert against_going_over(WELL, PROCESSES, 1) == []


def test_with_a_dead_process_nothing_goes_over_and_it_is_named() -> None:
    assert f"{DEAD} is missing" in against_going_over(ONE_DOWN, PROCESSES, 1)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"available": False}, "the database is unavailable"),
        ({"seconds_since_last_recovered": 2.0}, "the last recovery was 2 s ago"),
        ({"maintenance_zone": "b"}, "zone b is under maintenance"),
        ({"locked": True}, "the database is locked"),
        ({"full_replication": False}, "not all data have all their copies"),
        ({"processes": (replace(WELL.processes[0], excluded=True), *WELL.processes[1:])}, "is excluded"),
        ({"processes": (*WELL.processes, replace(WELL.processes[0], address="10.9.9.9:4500"))}, "no node of the stack"),
    ],
)
@pytest.mark.parametrize("tolerance", [0, 1])
def test_what_speaks_against_it_is_told(changed: dict[str, object], why: str, tolerance: int) -> None:
    assert why in "; ".join(against_going_over(replace(WELL, **changed), PROCESSES, tolerance))  # type: ignore[arg-type]  # any field


def test_it_has_gone_over_when_every_process_is_in_with_the_line() -> None:
    assert not_over(WELL, PROCESSES, "7.4") == []
    assert not_over(ONE_DOWN, PROCESSES, "7.4") == [f"{DEAD} is missing"]
    assert len(not_over(WELL, PROCESSES, "7.5")) == len(PROCESSES)
