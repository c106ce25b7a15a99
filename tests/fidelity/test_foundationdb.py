"""The database stand-in says what FoundationDB 7.4.6 said: words, streams, exit codes, figures."""

import io
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lib.foundationdb.status import Status, read, still_holding

from tests.standins.foundationdb import cli
from tests.standins.foundationdb.client import Store, Transaction
from tests.standins.foundationdb.server import Server

from .conftest import Cluster

RECORDINGS = Path(__file__).parents[1] / "recordings" / "foundationdb"
Make = Callable[[int], Cluster]
Until = Callable[[Callable[[], bool], str], None]


def recorded(number: str) -> dict[str, Any]:
    (path,) = RECORDINGS.glob(f"{number}-*.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def agrees(number: str, answer: tuple[int, str, str]) -> None:
    """Exit code and words are the recorded ones; the warning of a long wait depends on the machine."""
    wanted, (code, out, err) = recorded(number), answer
    assert code == wanted["exit"]
    assert _words(out) == _words(wanted["stdout"])
    assert _words(err) == _words(wanted["stderr"])


def _words(text: str) -> str:
    plain = text.replace("\nWARNING: Long delay (Ctrl-C to interrupt)\n", "")
    return "Usage" if plain.startswith("Usage: configure") else plain.strip()


def _any_cluster(text: str) -> list[str]:
    """The lines without what differs from cluster to cluster: addresses, and how many there are."""
    lines = re.sub(r"\b\d+\b", "N", re.sub(r"[\d.]+:\d+", "ADDRESS", text)).splitlines()
    return [line for line, before in zip(lines, ["", *lines], strict=False) if (line, before) != ("ADDRESS", "ADDRESS")]


def status(cluster: Cluster) -> Status:
    code, out, _ = cluster.run("status json")
    assert code == 0
    return read(json.loads(out))


def three(cluster: Make, until: Until) -> Cluster:
    made = cluster(3)
    until(lambda: made.run("configure new double ssd-2", seconds=2)[0] == 0, "the database to be made")
    until(lambda: made.run(f"coordinators {' '.join(made.addresses)}")[0] == 0, "every process to be a coordinator")
    until(lambda: len(status(made).processes) == 3, "three processes")
    return made


def test_a_database_is_made_once(cluster: Make) -> None:
    one = cluster(1)
    agrees("03", one.run("configure double", seconds=1))
    agrees("04", one.run("configure new single"))
    agrees("06", one.run("configure new single ssd-2"))
    agrees("07", one.run("configure new single ssd-2"))
    agrees("10", one.run("configure double"))
    agrees("11", one.run("configure tripple"))


def test_too_few_processes_for_a_new_database_wait_until_the_timeout(cluster: Make) -> None:
    code, _, err = cluster(1).run("configure new double ssd-2", seconds=2)
    assert code == recorded("05")["exit"] == 1
    assert _words(err) == _words(recorded("05")["stderr"])


def test_three_processes_become_double_with_three_coordinators(cluster: Make, until: Until) -> None:
    made = cluster(3)
    until(lambda: made.run("configure new single ssd-2", seconds=2)[0] == 0, "the database to be made")
    until(lambda: len(status(made).processes) == 3, "three processes")
    agrees("15", made.run("configure double"))
    agrees("17", made.run(f"coordinators {' '.join(made.addresses)}"))
    agrees("19", made.run(f"coordinators {' '.join(made.addresses)}"))


@pytest.mark.parametrize("number", ["14", "16", "20"])
def test_every_field_that_is_read_is_there_as_recorded(cluster: Make, until: Until, number: str) -> None:
    made, real = three(cluster, until), recorded(number)["json"]
    lacking: list[tuple[str, ...]] = []

    def complete() -> bool:
        lacking[:] = _missing(_shape(real), json.loads(made.run("status json")[1]))
        return not lacking

    until(complete, f"a status with {lacking}")


def _shape(real: dict[str, Any]) -> list[tuple[str, ...]]:
    """The paths that scripts/lib/foundationdb/status.py reads, where the real document has them."""
    paths = [
        ("client", "database_status", "available"),
        ("client", "coordinators", "quorum_reachable"),
        ("client", "coordinators", "coordinators"),
        ("cluster", "configuration", "redundancy_mode"),
        ("cluster", "configuration", "storage_engine"),
        ("cluster", "fault_tolerance", "max_zone_failures_without_losing_data"),
        ("cluster", "fault_tolerance", "max_zone_failures_without_losing_availability"),
        ("cluster", "full_replication"),
        ("cluster", "data", "state", "name"),
        ("cluster", "data", "team_trackers"),
        ("cluster", "recovery_state", "name"),
        ("cluster", "recovery_state", "active_generations"),
        ("cluster", "recovery_state", "seconds_since_last_recovered"),
        ("cluster", "generation"),
        ("cluster", "logs"),
        ("cluster", "database_lock_state", "locked"),
        ("cluster", "connection_string"),
        ("cluster", "processes"),
    ]
    return [path for path in paths if not _missing([path], real)]


def _missing(paths: list[tuple[str, ...]], document: dict[str, Any]) -> list[tuple[str, ...]]:
    lacking = []
    for path in paths:
        here: Any = document
        for step in path:
            here = here.get(step) if isinstance(here, dict) else None
        if here is None:
            lacking.append(path)
    return lacking


def test_figures_of_a_healthy_cluster_are_the_recorded_ones(cluster: Make, until: Until) -> None:
    made, real = three(cluster, until), read(recorded("20")["json"])
    until(lambda: status(made).available, "the database to serve")
    ours = status(made)
    for figure in (
        "redundancy_mode",
        "storage_engine",
        "zone_failures_without_losing_data",
        "zone_failures_without_losing_availability",
        "full_replication",
        "active_generations",
        "quorum_reachable",
    ):
        assert getattr(ours, figure) == getattr(real, figure), figure


def test_figures_with_one_process_down_are_the_recorded_ones(cluster: Make, until: Until) -> None:
    made = three(cluster, until)
    made.kill(made.addresses[2])
    real = read(recorded("23")["json"])
    until(lambda: len(status(made).processes) == 2, "the dead process to be missed")
    ours = status(made)
    assert ours.available == real.available
    assert ours.zone_failures_without_losing_data == real.zone_failures_without_losing_data
    assert ours.zone_failures_without_losing_availability == real.zone_failures_without_losing_availability
    assert sorted(ours.coordinators.values()) == sorted(real.coordinators.values())


def test_what_was_committed_is_there_after_the_first_node_is_lost(cluster: Make, until: Until) -> None:
    made = three(cluster, until)
    assert made.run("writemode on; set word kept")[0] == 0
    made.kill(made.addresses[0])
    until(lambda: "`word' is `kept'" in made.run("get word", seconds=3)[1], "another process to lead")


def _put(transaction: Transaction, key: bytes) -> None:
    transaction.set(key, b"x")


def test_writes_of_many_at_once_are_all_there(cluster: Make, until: Until) -> None:
    made = three(cluster, until)
    writers, each = 4, 100

    def write(writer: int) -> None:
        store = Store(made.file, timeout=30)
        for number in range(each):
            store.transact(partial(_put, key=b"w/%d/%d" % (writer, number)))

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    found = Store(made.file, timeout=30).transact(lambda transaction: transaction.get_range(b"w/"))
    assert len(found) == writers * each


def test_without_a_quorum_nothing_is_served(cluster: Make, until: Until) -> None:
    made = three(cluster, until)
    for address in made.addresses[1:]:
        made.kill(address)
    until(lambda: not status(made).available, "the database to be unavailable")
    code, _, err = made.run("writemode on; set word lost", seconds=2)
    assert code == 1
    assert "Specified timeout reached" in err


def test_a_cluster_file_is_rewritten_when_coordinators_move(cluster: Make, until: Until) -> None:
    made = three(cluster, until)
    string = made.file.read_text().strip()
    assert sorted(string.split("@")[1].split(",")) == sorted(made.addresses)
    assert not string.startswith("mail:0123456789abcdef@")


def test_a_client_that_stays_connected_takes_over_the_new_coordinators_too(
    cluster: Make, until: Until, tmp_path: Path
) -> None:
    made = cluster(4)
    first, *others = sorted(made.addresses)
    until(lambda: made.run("configure new double ssd-2", seconds=2)[0] == 0, "the database to be made")
    until(lambda: made.run(f"coordinators {first} {others[0]} {others[1]}")[0] == 0, "the first coordinators")
    until(lambda: status(made).available, "the database")
    kept = tmp_path / "its own.cluster"
    kept.write_text(made.file.read_text())
    store = Store(kept, 5)
    store.transact(lambda transaction: transaction.get(b"word"))
    before = store.file.string
    until(lambda: made.run(f"coordinators {first} {others[0]} {others[2]}")[0] == 0, "the other coordinators")
    until(lambda: status(made).available, "the database")
    store.transact(lambda transaction: transaction.get(b"word"))
    assert store.file.string != before
    assert store.file.string == made.file.read_text().split()[-1]


def test_a_process_is_taken_out_with_the_recorded_words(cluster: Make, until: Until) -> None:
    made = cluster(4)
    until(lambda: not made.run("configure new double ssd-2", seconds=2)[0], "the database")
    made.run(f"coordinators {' '.join(made.addresses[:3])}")
    gone = made.addresses[3]
    code, _, err = made.run(f"exclude no_wait {gone}")
    assert code == recorded("44")["exit"] == 0
    said = (recorded("44")["stdout"] + recorded("44")["stderr"]).strip()
    assert err.strip().split("----")[1] == said.split("----")[1]
    process = next(one for one in status(made).processes if one.address == gone)
    assert process.excluded
    assert status(made).excluded_servers == (gone,)
    assert made.run(f"exclude {gone}", seconds=1)[0] == recorded("47")["exit"] == 1, "it waits as long as it may"
    until(lambda: not made.run(f"exclude {gone}", seconds=10)[0], "the data to leave")
    assert not still_holding(status(made), {gone})
    made.kill(gone)
    until(lambda: status(made).zone_failures_without_losing_data == 1, "the rest to be whole")
    assert made.run(f"include {gone}")[0] == recorded("50")["exit"] == 0
    assert status(made).excluded_servers == ()


def test_an_exclusion_that_is_not_safe_is_taken_and_never_ends(cluster: Make, until: Until) -> None:
    made = three(cluster, until)
    for address in made.addresses[1:]:
        assert made.run(f"exclude no_wait {address}")[0] == recorded("58")["exit"] == 0
    assert made.run(f"exclude {made.addresses[1]}", seconds=6)[0] == 1
    assert still_holding(status(made), set(made.addresses[1:]))


def test_an_exclusion_that_makes_no_sense_ends_well_and_does_nothing(cluster: Make, until: Until) -> None:
    made = three(cluster, until)
    code, _, err = made.run("exclude 10.77.0")
    assert code == recorded("40")["exit"] == 0
    assert "is neither a valid network endpoint address nor a locality" in err
    assert "is neither a valid network endpoint address nor a locality" in json.dumps(recorded("40"))
    assert not status(made).excluded_servers


def test_all_processes_are_killed_with_the_recorded_words_and_nothing_is_lost(cluster: Make, until: Until) -> None:
    """Killed by fdbcli they exit with 0, which the monitor takes for a wish to be started again at once."""
    made = three(cluster, until)
    assert made.run("writemode on; set word kept")[0] == 0
    code, out, _ = made.run("kill; kill all; sleep 3")
    real = recorded("62")
    assert code == real["exit"] == 0
    assert _any_cluster(out) == _any_cluster(real["stdout"])
    for address, process in made.running.items():
        assert process.wait(5) == 0
        made.start(address)
    until(lambda: "`word' is `kept'" in made.run("get word", seconds=3)[1], "the database to serve again")


def refill(cluster: Cluster, address: str, **knobs: int) -> None:
    """Start a process again whose disk has too little room now, or room again."""
    cluster.kill(address)
    cluster.start(address, **knobs)


NO_DISK_IS_THAT_LARGE = 1 << 62


def test_a_process_whose_disk_is_full_takes_no_copy_and_the_others_serve(cluster: Make, until: Until) -> None:
    """As the real server with the disk of one node full to the last block: mail went on, and its zone was missing."""
    made = three(cluster, until)
    full = made.addresses[2]
    refill(made, full, min_available_space=NO_DISK_IS_THAT_LARGE)
    until(lambda: status(made).zone_failures_without_losing_data == 0, "the copy to be missed")
    assert made.run("writemode on; set word kept", seconds=5)[0] == 0
    refill(made, full)
    until(lambda: status(made).zone_failures_without_losing_data == 1, "the rest to be copied")
    made.kill(made.addresses[0])
    until(lambda: "`word' is `kept'" in made.run("get word", seconds=3)[1], "the copy that was made late to be read")


def test_with_too_few_disks_that_have_room_nothing_is_written(cluster: Make, until: Until) -> None:
    made = three(cluster, until)
    for full in made.addresses[:2]:
        refill(made, full, min_available_space=NO_DISK_IS_THAT_LARGE)
    until(lambda: not status(made).available, "the database to be unavailable")
    code, _, err = made.run("writemode on; set word lost", seconds=2)
    assert code == 1
    assert "Specified timeout reached" in err


def test_commands_are_read_from_standard_input_and_one_that_fails_ends_nothing(
    cluster: Make, until: Until, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = three(cluster, until)
    monkeypatch.setattr("sys.stdin", io.StringIO("writemode on\nfrobnicate\nset word kept\n"))
    assert cli.main(["-C", str(made.file), "--no-status"]) == 0
    assert capsys.readouterr().out.count("Committed") == 1
    assert "`word' is `kept'" in made.run("get word")[1]


MINE, OTHER = "127.0.0.1:4500", "127.0.0.1:4501"


def process(place: Path, leader: str | None) -> Server:
    """A coordinator with two commits, which knows that leader. It listens nowhere."""
    file = place / "fdb.cluster"
    file.write_text(f"mail:0123456789abcdef@{MINE},{OTHER}\n")
    made = Server({"public_address": MINE, "cluster_file": str(file), "datadir": str(place / "data")})
    made.disk.create("database")
    made.disk.apply(2, [("aa", "kept")])
    made.leader = leader
    return made


def order(version: int) -> dict[str, Any]:
    return {"op": "apply", "from": OTHER, "version": version, "database": "database", "writes": [["aa", "lost"]]}


def test_of_two_that_take_themselves_for_the_leader_one_at_most_commits(tmp_path: Path) -> None:
    """On a busy machine both may for a moment: each refuses the other's commits, and so is let acknowledge none."""
    one = process(tmp_path, MINE)
    assert one.answer(order(3)) == {"refused": f"{MINE} leads"}
    assert one.answer({"op": "load", "from": OTHER, "dump": one.disk.dump()}) == {"refused": f"{MINE} leads"}
    one.leader = OTHER
    assert one.answer(order(3)) == {"ok": True}


def test_a_coordinator_gives_its_copy_up_for_no_older_one(tmp_path: Path) -> None:
    one = process(tmp_path, OTHER)
    assert one.answer(order(2)) == {"refused": "this copy is newer"}
    older = one.disk.dump() | {"version": 1, "pairs": []}
    assert one.answer({"op": "load", "from": OTHER, "dump": older}) == {"refused": "this copy is newer"}
    assert one.disk.get("aa") == ("kept", 2)
