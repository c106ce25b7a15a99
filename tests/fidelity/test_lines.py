"""Two lines of FoundationDB in the stand-in: as the real ones, they do not hear each other."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.standins.foundationdb.client import Store, StoreUnavailable
from tests.standins.stalwart.libraries import NotStartedError, loaded

from .conftest import Cluster

Make = Callable[[int], Cluster]
Until = Callable[[Callable[[], bool], str], None]
NEW = "7.5.0"


def made_of_three(cluster: Make, until: Until) -> Cluster:
    made = cluster(3)
    until(lambda: made.run("configure new double ssd-2", seconds=2)[0] == 0, "the database to be made")
    until(lambda: made.run(f"coordinators {' '.join(made.addresses)}")[0] == 0, "every process to be a coordinator")
    assert made.run("writemode on; set word kept")[0] == 0
    return made


def go_over(cluster: Cluster, *addresses: str) -> None:
    """Start processes again in the new line."""
    for address in addresses:
        cluster.kill(address)
    for address in addresses:
        cluster.start(address, NEW)


def test_a_process_of_another_line_stops_the_others_until_it_is_led_back_or_they_follow(
    cluster: Make, until: Until
) -> None:
    """Its connection stands, so it is not taken for lost: seen with FoundationDB 7.4.6 among three."""
    made = made_of_three(cluster, until)
    first, *others = made.addresses
    go_over(made, first)
    until(lambda: made.run("get word", seconds=1)[0] == 1, "nobody to be served")
    made.kill(first)
    until(lambda: "`word' is `kept'" in made.run("get word", seconds=2)[1], "the other two to serve without it")
    made.start(first)
    until(lambda: "`word' is `kept'" in made.run("get word", seconds=2)[1], "all of them in the former line")
    go_over(made, first)
    go_over(made, *others)
    until(lambda: "`word' is `kept'" in made.run("get word", seconds=3, release=NEW)[1], "all of them in the new line")


def test_a_client_of_another_line_is_told_of_the_protocol_and_of_nothing_else(cluster: Make, until: Until) -> None:
    made = made_of_three(cluster, until)
    go_over(made, *made.addresses)
    until(lambda: "`word' is `kept'" in made.run("get word", seconds=3, release=NEW)[1], "the new line to serve")
    client = json.loads(made.run("status json")[1])["client"]
    assert not client["database_status"]["available"]
    assert not client["coordinators"]["quorum_reachable"]
    assert {one["protocol"] for one in client["coordinators"]["coordinators"]} == {"0fdb00b075000000"}
    code, _, err = made.run("get word", seconds=2)
    assert code == 1
    assert "Specified timeout reached" in err


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The library of the package."""
    place = tmp_path / "libfdb_c.so"
    place.write_text("stand-in: not the client library of FoundationDB 7.4.6\n")
    return place


def test_a_mail_server_goes_on_only_when_it_starts_with_the_library_of_the_new_line(
    cluster: Make, until: Until, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = made_of_three(cluster, until)
    before = Store(made.file, 3, loaded(own))
    assert before.transact(lambda transaction: transaction.get(b"word")) == b"kept"
    go_over(made, *made.addresses)
    beside = own.parent / "client" / own.name
    beside.parent.mkdir()
    beside.write_text(f"stand-in: not the client library of FoundationDB {NEW}\n")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(beside.parent))
    after = Store(made.file, 30, loaded(own))
    assert after.transact(lambda transaction: transaction.get(b"word")) == b"kept"
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        before.transact(lambda transaction: transaction.get(b"word"))
    assert time.monotonic() - began >= 3
    assert str(beside) in Path("/proc/self/maps").read_text()


def test_a_mail_server_does_not_start_with_a_client_of_several_lines(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen at each start of Stalwart 0.16.19 with FoundationDB 7.4.6, whose own line was among them."""
    monkeypatch.setenv("FDB_NETWORK_OPTION_EXTERNAL_CLIENT_DIRECTORY", str(tmp_path))
    with pytest.raises(NotStartedError, match="code = 1039"):
        loaded(own)
