"""What is not changed in a database that exists is refused in a sentence each, all together."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from lib.console import Failed
from lib.foundationdb.refusals import refuse
from lib.foundationdb.status import Status, read

RECORDINGS = Path(__file__).parents[1] / "recordings" / "foundationdb"
THREE = {f"10.77.0.1{index}:4500": f"n{index}" for index in (1, 2, 3)}


@pytest.fixture
def healthy() -> Status:
    """Three processes in three zones, double, as recorded."""
    (path,) = RECORDINGS.glob("20-*.json")
    return read(json.loads(path.read_text())["json"])


def test_what_is_as_wanted_is_not_refused(healthy: Status) -> None:
    refuse(healthy, THREE, redundancy="double", engine="ssd-2", allow=frozenset())


def test_the_way_down_to_one_copy_needs_its_permission(healthy: Status) -> None:
    with pytest.raises(Failed, match="from double to single") as refused:
        refuse(healthy, THREE, redundancy="single", engine="ssd-2", allow=frozenset({"destroy"}))
    assert "add single_copy to stalwart-cluster:allow" in refused.value.remedy
    refuse(healthy, THREE, redundancy="single", engine="ssd-2", allow=frozenset({"single_copy"}))


def test_a_database_of_one_copy_stays_one_without_permission(healthy: Status) -> None:
    single = replace(healthy, redundancy_mode="single")
    refuse(single, THREE, redundancy="single", engine="ssd-2", allow=frozenset())
    refuse(single, THREE, redundancy="double", engine="ssd-2", allow=frozenset())


def test_more_copies_need_no_permission_and_fewer_than_three_do_not(healthy: Status) -> None:
    triple = replace(healthy, redundancy_mode="triple")
    refuse(triple, THREE, redundancy="double", engine="ssd-2", allow=frozenset())


def test_a_process_whose_zone_is_not_known_yet_stands_in_no_other(healthy: Status) -> None:
    first, *others = healthy.processes
    started = replace(healthy, processes=(replace(first, zone=""), *others))
    refuse(started, THREE, redundancy="double", engine="ssd-2", allow=frozenset())


def test_an_engine_a_zone_and_a_lock_are_never_changed_and_all_are_told(healthy: Status) -> None:
    moved = {**THREE, "10.77.0.11:4500": "elsewhere"}
    with pytest.raises(Failed) as refused:
        refuse(replace(healthy, locked=True), moved, redundancy="double", engine="ssd-redwood-1", allow=frozenset())
    for told in (
        "engine ssd-2 and the stack file wants ssd-redwood-1",
        "10.77.0.11:4500 stands in zone n1 and the stack file wants elsewhere",
        "the database is locked",
    ):
        assert told in str(refused.value)
    for remedy in ("set database.engine back to ssd-2", "set the node's zone to n1", "unlock UID"):
        assert remedy in refused.value.remedy
