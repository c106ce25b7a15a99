"""Whose turn it is to go down, and what must hold before and after."""

import errno
import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lib.console import Failed
from lib.foundationdb import fdbcli, pairs
from lib.foundationdb.status import Status, read
from lib.turn import claims, cluster, departed, gate, here, turn
from lib.turn.claims import Claim
from lib.turn.cluster import Cluster, Member

RECORDINGS = Path(__file__).parents[1] / "recordings" / "foundationdb"
NODES = {
    name: Member(f"10.77.0.1{index}", f"{name}.mail.dev.test", name, mail=True)
    for index, name in enumerate(("mx1", "mx2", "mx3"), 1)
}
CLUSTER = Cluster(1, NODES)


def key_of(node: str) -> str:
    """The key of a node's claim, as fdbcli reads and prints it."""
    return pairs.escaped(claims.PREFIX + node.encode())


class Database:
    """Keeps claims as the real one does, and prints them in its words."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pairs: dict[str, str] = {}
        self.failures: list[str] = []
        self.interrupted_at = 0
        self.maintenance_ended = False
        self.before_read: Callable[[], None] = lambda: None
        monkeypatch.setattr(fdbcli, "command", self.command)
        monkeypatch.setattr(turn, "NODE", "mx2")
        monkeypatch.setattr(cluster, "read", lambda: CLUSTER)
        monkeypatch.setattr(turn, "_LOOK_SECONDS", 0.0)

    def command(self, text: str, *_: object) -> tuple[int, str]:
        if self.failures:
            return 1, self.failures.pop()
        self.interrupted_at -= 1
        said = self.done(text)
        if self.interrupted_at == 0:
            raise KeyboardInterrupt
        return said

    def done(self, text: str) -> tuple[int, str]:
        words = text.removeprefix("writemode on; ").split(" ", 2)
        if words[0] == "maintenance":
            self.maintenance_ended |= words[1] == "off"
            return 0, ""
        if words[0] == "getrange":
            self.before_read()
            pairs = "\n".join(f"`{key}' is `{value}'" for key, value in sorted(self.pairs.items()))
            return 0, f"\nRange limited to 1000 keys\n{pairs}"
        if words[0] == "set":
            self.pairs[words[1]] = words[2].strip('"').encode().decode("unicode_escape")
        else:
            self.pairs.pop(words[1], None)
        return 0, "Committed (1)"

    def put(self, node: str, claim: Claim) -> None:
        self.pairs[key_of(node)] = claim.text()


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    """One in which nobody has a claim."""
    return Database(monkeypatch)


def for_ever(*, held: bool) -> Claim:
    return Claim(held, 1_700_000_000, 4_000_000_000, "10.77.0.13", "restart something")


def test_a_claim_is_free_and_taken_and_given_back(database: Database) -> None:
    turn.take("restart it")
    (claim,) = claims.live().values()
    assert claim.held
    assert claim.why == "restart it"
    claims.remove("mx2")
    assert not claims.live()


def test_who_holds_it_is_waited_for_and_named(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "PATIENCE_SECONDS", 0.1)
    database.put("mx3", for_ever(held=True))
    with pytest.raises(Failed, match=r"mx3 holds it since 2023-11-14T22:13:20Z, to restart something"):
        turn.take("restart it")
    assert key_of("mx2") not in database.pairs, "nobody waits for one that has given up"


def test_smaller_names_go_first_and_larger_ones_wait(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    database.put("mx3", for_ever(held=False))
    turn.take("restart it")
    monkeypatch.setattr(turn, "PATIENCE_SECONDS", 0.1)
    database.put("mx1", for_ever(held=False))
    with pytest.raises(Failed, match="mx1 is in front"):
        turn.take("restart it")


def test_of_two_that_held_at_once_the_later_steps_back(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one looked when this one had only begun, and says `held` between this one's two looks."""
    monkeypatch.setattr(turn, "PATIENCE_SECONDS", 0.1)
    looks = 0

    def other() -> None:
        nonlocal looks
        looks += 1
        if looks == 2:
            database.put("mx3", for_ever(held=True))

    database.before_read = other
    with pytest.raises(Failed, match="mx3 holds it"):
        turn.take("restart it")


def test_a_lease_that_is_over_and_a_claim_of_an_interrupted_run_block_nobody(database: Database) -> None:
    database.put("mx1", Claim(held=True, since=1, until=2, address="10.77.0.11", why="long dead"))
    database.put("mx2", for_ever(held=True))
    turn.take("restart it")
    assert claims.live()["mx2"].why == "restart it"


@pytest.mark.parametrize("command", [1, 2, 3, 4, 5])
def test_who_is_interrupted_leaves_no_claim_wherever_he_was(
    database: Database, monkeypatch: pytest.MonkeyPatch, command: int
) -> None:
    """Wanted, looked, held, looked again, told the database that the zone is away."""
    monkeypatch.setattr(turn, "wait_until", lambda *_: None)
    database.interrupted_at = command
    with pytest.raises(KeyboardInterrupt):
        turn.begin("reboot mx2")
    assert database.interrupted_at <= 0
    assert key_of("mx2") not in database.pairs


def test_who_is_interrupted_while_another_holds_it_leaves_that_one_alone(database: Database) -> None:
    database.put("mx3", for_ever(held=True))
    database.interrupted_at = 4
    with pytest.raises(KeyboardInterrupt):
        turn.begin("reboot mx2")
    assert [*claims.live()] == ["mx3"]
    assert not database.maintenance_ended, "the zone that is away is that of mx3"


def test_a_turn_of_a_host_that_leaves_and_is_gone_ends_with_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "PATIENCE_SECONDS", 0.1)
    gone: set[str] = set()
    monkeypatch.setattr(turn, "is_gone", lambda address: address in gone)
    database.put("mx3", for_ever(held=True))
    with pytest.raises(Failed, match="mx3 holds it"):
        turn.take("let mx3 leave", leaver="mx3")
    gone.add("10.77.0.13")
    with pytest.raises(Failed, match="mx3 holds it"):
        turn.take("restart it")
    turn.take("let mx3 leave", leaver="mx3")
    assert [*claims.live()] == ["leave-mx3"]


def test_a_turn_of_a_host_that_was_taken_out_of_the_cluster_and_is_gone_ends_with_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "is_gone", lambda address: address == "10.77.0.19")
    database.put("mx9", Claim(held=True, since=1, until=4_000_000_000, address="10.77.0.19", why="restart something"))
    turn.take("change who is in the database")
    assert [*claims.live()] == ["mx2"]


def test_the_turn_of_a_node_that_leaves_alive_is_not_taken_over_but_waited_for(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What lets mx2 leave is run on another host, in the name of mx2."""
    monkeypatch.setattr(here, "LOCK", tmp_path / "turn")
    monkeypatch.setattr(turn, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(turn, "is_gone", lambda _: False)
    database.put("mx2", for_ever(held=True))
    with pytest.raises(Failed, match="mx2 holds it"), turn.claimed("let mx2 leave", leaver="mx2"):
        pass
    assert claims.live()["mx2"].held
    assert "leave-mx2" not in claims.live()


class Address:
    """A host: in the database or not, and what comes of a connection to it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, inside: bool, answer: OSError | None) -> None:
        status = recorded("20")
        self.address = status.processes[0].address.rsplit(":", 1)[0] if inside else "10.77.0.99"
        self.answer = answer
        monkeypatch.setattr(fdbcli, "status", lambda: status)
        monkeypatch.setattr(socket, "create_connection", self.connect)

    def connect(self, *_: object) -> socket.socket:
        if self.answer:
            raise self.answer
        return socket.socket()


@pytest.mark.parametrize("answer", [TimeoutError(), OSError(errno.EHOSTUNREACH, "No route to host")])
def test_a_host_is_gone_that_the_database_does_not_have_and_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, answer: OSError
) -> None:
    assert departed.is_gone(Address(monkeypatch, inside=False, answer=answer).address)


@pytest.mark.parametrize(
    ("where", "answer"),
    [("in", TimeoutError()), ("out", ConnectionRefusedError(errno.ECONNREFUSED, "")), ("out", None)],
)
def test_a_host_that_is_in_or_answers_in_any_way_is_not_gone(
    monkeypatch: pytest.MonkeyPatch, where: str, answer: OSError | None
) -> None:
    assert not departed.is_gone(Address(monkeypatch, inside=where == "in", answer=answer).address)


def test_no_host_is_gone_while_the_database_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Address(monkeypatch, inside=False, answer=TimeoutError())
    monkeypatch.setattr(fdbcli, "status", lambda: read({}))
    assert not departed.is_gone(host.address)


def test_what_failed_under_a_claim_is_told_also_where_the_claim_cannot_be_removed(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As in the window in which the whole database goes over to another line."""
    monkeypatch.setattr(here, "LOCK", tmp_path / "turn")

    def lost(_: str) -> None:
        raise Failed("the database does not answer")

    monkeypatch.setattr(claims, "remove", lost)
    with pytest.raises(Failed, match="is missing"), turn.claimed("change all of it"):
        raise Failed("10.0.0.3:4500 is missing")


def test_a_recovery_of_the_database_is_sat_out(database: Database) -> None:
    database.failures = ["ERROR: Transaction may or may not have committed (1021)", "Specified timeout reached"]
    turn.take("restart it")
    assert claims.live()["mx2"].held


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\x85")))
def test_any_reason_is_read_back(why: str) -> None:
    claim = Claim(held=True, since=1, until=2, address="10.77.0.11", why=why)
    printed = "".join(
        "\\\\" if byte == ord("\\") else chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}"
        for byte in claim.text().encode()
    )
    assert claims.parse(pairs.parse(f"`{key_of('mx1')}' is `{printed}'")) == {"mx1": claim}


def test_names_are_in_natural_order() -> None:
    waiting = {name: for_ever(held=False) for name in ("mx10", "mx2", "mx1")}
    assert claims.ahead("mx9", waiting) == ["mx1", "mx2"]


def recorded(number: str, seconds_since_recovery: float = 100.0) -> Status:
    (path,) = RECORDINGS.glob(f"{number}-*.json")
    document = json.loads(path.read_text())["json"]
    if "recovery_state" in document["cluster"]:
        document["cluster"]["recovery_state"]["seconds_since_last_recovered"] = seconds_since_recovery
    return read(document)


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The mail nodes that do not greet: name -> why."""
    found: dict[str, str] = {}
    monkeypatch.setattr(gate, "silent_mail_nodes", lambda nodes: {name: found.get(name, "") for name in nodes})
    return found


def test_a_node_may_go_when_all_is_well(silent: dict[str, str]) -> None:
    assert gate.against_going(recorded("20"), CLUSTER, "mx2") == []


def test_a_node_stays_while_another_is_away_or_a_recovery_is_young(silent: dict[str, str]) -> None:
    assert any("0 zones may fail" in why for why in gate.against_going(recorded("23"), CLUSTER, "mx2"))
    assert any("the last recovery was 3 s ago" in why for why in gate.against_going(recorded("20", 3), CLUSTER, "mx2"))


def test_a_node_stays_while_a_mail_server_that_served_is_silent(
    silent: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    silent["mx3"] = "refused"
    monkeypatch.setattr(gate, "hostnames_that_served", lambda: frozenset({"mx1.mail.dev.test", "mx3.mail.dev.test"}))
    assert gate.against_going(recorded("20"), CLUSTER, "mx2") == ["the mail server on mx3 does not greet"]


def test_a_newcomer_that_never_served_holds_nobody_up(silent: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    silent["mx3"] = "refused"
    monkeypatch.setattr(gate, "hostnames_that_served", lambda: frozenset({"mx1.mail.dev.test"}))
    assert gate.against_going(recorded("20"), CLUSTER, "mx2") == []


def test_a_node_that_leaves_for_good_holds_nobody_up(silent: dict[str, str]) -> None:
    status = recorded("48")
    (excluded,) = [process for process in status.processes if process.excluded]
    members = {
        process.zone: Member(process.address.rsplit(":", 1)[0], f"{process.zone}.test", process.zone, mail=True)
        for process in status.processes
    }
    told = f"{excluded.address} is excluded"
    assert told in gate.against_going(status, Cluster(0, members), next(iter(members)))
    del members[excluded.zone]
    assert told not in gate.against_going(status, Cluster(0, members), next(iter(members)))


def test_where_nothing_may_fail_all_copies_are_demanded_and_no_more(silent: dict[str, str]) -> None:
    assert gate.against_going(recorded("08"), Cluster(0, {"mx1": NODES["mx1"]}), "mx1") == []


def test_a_node_is_back_when_it_is_in_with_its_release_and_tolerance_is_as_before() -> None:
    status = recorded("20")
    address = status.processes[0].address.rsplit(":", 1)[0]
    here = Cluster(1, {"mx1": Member(address, "mx1.mail.dev.test", "n1", mail=True)})
    assert gate.against_coming_back(status, here, "mx1", "7.4.6") == []
    assert gate.against_coming_back(status, here, "mx1", "7.4.8") == [
        "the database process on mx1 runs release 7.4.6, not 7.4.8"
    ]
    away = Cluster(1, {"mx1": Member("10.0.0.99", "mx1.mail.dev.test", "n1", mail=True)})
    assert "the database process on mx1 is not in" in gate.against_coming_back(status, away, "mx1", "")
