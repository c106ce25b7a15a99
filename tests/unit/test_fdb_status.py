"""The status of a real FoundationDB 7.4.6, as recorded, becomes a typed result and the right gates."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lib.foundationdb.status import (
    Status,
    not_calm,
    not_matching,
    not_replicated,
    not_told,
    not_tolerant,
    not_up,
    read,
)

RECORDINGS = Path(__file__).parents[1] / "recordings" / "foundationdb"
THREE = {f"10.77.0.1{index}:4500": f"n{index}" for index in (1, 2, 3)}


def recorded(number: str) -> Status:
    (path,) = RECORDINGS.glob(f"{number}-*.json")
    return read(json.loads(path.read_text())["json"])


def test_a_healthy_cluster_of_three_survives_one_zone() -> None:
    status = recorded("20")
    assert (status.available, status.redundancy_mode, status.storage_engine) == (True, "double", "ssd-2")
    assert (status.zone_failures_without_losing_data, status.zone_failures_without_losing_availability) == (1, 1)
    assert len(status.coordinators) == len(status.zones) == len(status.processes) == 3
    assert not not_up(status)
    assert not not_replicated(status)
    assert not not_tolerant(status, 1)
    assert all(process.memory_limit > 0 < process.memory_used for process in status.processes)


def test_what_is_wanted_and_not_there_is_told() -> None:
    assert not_tolerant(recorded("20"), 2) == [
        "1 zones may fail without losing data, 2 are wanted",
        "1 zones may fail without losing availability, 2 are wanted",
    ]


def test_before_the_database_exists_nothing_is_known_and_nothing_is_good() -> None:
    status = recorded("00")
    assert not status.available
    assert status.zone_failures_without_losing_data is None
    assert not_up(status) == ["status_incomplete_timeout: Timed out fetching cluster status."]
    assert "it is unknown how many zones may fail without losing data" in not_tolerant(status, 0)


@pytest.mark.parametrize("number", ["22", "23", "25", "27"])
def test_with_one_node_down_the_database_serves_and_survives_no_more(number: str) -> None:
    status = recorded(number)
    assert status.available
    assert not_tolerant(status, 1)
    assert sum(not there for there in status.coordinators.values()) == 1


def test_after_its_return_the_gate_opens_again_though_the_data_are_called_initializing() -> None:
    status = recorded("24b")
    assert status.data_state == "initializing"
    assert not not_tolerant(status, 1)


def test_a_recovery_of_a_moment_ago_is_not_calm() -> None:
    (path,) = RECORDINGS.glob("24b-*.json")
    document = json.loads(path.read_text())["json"]
    document["cluster"]["recovery_state"]["seconds_since_last_recovered"] = 4.2
    assert not_calm(read(document)) == ["the last recovery was 4 s ago"]


def test_five_zones_with_triple_survive_two() -> None:
    status = recorded("63")
    assert (status.redundancy_mode, len(status.coordinators)) == ("triple", 5)


def test_the_exact_set_of_processes_is_demanded() -> None:
    status = recorded("20")
    zones = {process.address: process.zone for process in status.processes}
    assert not not_matching(status, zones, "7.4.6")
    assert not_matching(status, {**zones, "10.77.0.14:4500": "n4"}, "7.4.6") == ["10.77.0.14:4500 is missing"]
    assert "runs release 7.4.6, not 7.4.5" in not_matching(status, zones, "7.4.5")[0]
    fewer = dict(list(zones.items())[:2])
    assert any("does not belong here" in reason for reason in not_matching(status, fewer, "7.4.6"))


def test_an_excluded_process_is_seen() -> None:
    status = recorded("48")
    assert any(process.excluded for process in status.processes)


def test_the_connection_string_never_gets_into_what_is_shown() -> None:
    status = recorded("20")
    assert status.connection_string
    assert status.connection_string not in json.dumps(status.as_json())


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.dictionaries(st.sampled_from(["client", "cluster", "data", "processes", "x"]), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["client", "cluster"]), VALUES))
def test_a_document_that_lacks_anything_is_never_taken_for_good(document: dict[str, Any]) -> None:
    assert not_tolerant(read(document), 0)


def test_a_status_that_does_not_say_where_processes_stand_decides_nothing() -> None:
    """Seen for a moment after the database was created: processes without their locality."""
    (path,) = RECORDINGS.glob("20-*.json")
    document = json.loads(path.read_text())["json"]
    assert not_told(read(document)) == []
    for process in document["cluster"]["processes"].values():
        process["locality"] = {}
    assert len(not_told(read(document))) == 3
    assert not_told(read({})) == ["its configuration is not known yet"]
