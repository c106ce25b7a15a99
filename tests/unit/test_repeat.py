"""What is told once more: that something changed, and nothing that a person would be told of twice."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lib.coordinator import repeat
from lib.coordinator.events import Unknown, again

NODE, STATE, ALERT, EMAIL, CACHES, REFRESH = 3, 0, 1, 2, 7, 12


def written(*numbers: int) -> bytes:
    """Numbers in LEB128, by its definition."""
    found = bytearray()
    for number in numbers:
        rest = number
        while rest > 0x7F:
            found.append(rest & 0x7F | 0x80)
            rest >>= 7
        found.append(rest)
    return bytes(found)


# As a server sent it when a mail came in: node 0, mail 0x28 of account 2, change 0x37.
RECORDED = b"\x00\x02\x02(7"


def test_a_mail_that_came_in_is_told_as_a_change_of_its_account() -> None:
    """Email, EmailDelivery, Mailbox and Thread are bits 0, 1, 3 and 4."""
    assert again(RECORDED) == bytes([0, STATE, 0x37, 0b11011, 2])


def test_the_queue_is_not_told_again() -> None:
    assert again(written(NODE, REFRESH)) is None


def test_an_alert_is_not_told_again_and_what_comes_before_it_is() -> None:
    change = written(STATE, 900, 3, 70000)
    assert again(written(NODE) + change + written(ALERT, 1, 2, 0, 1) + b"u") == written(NODE) + change


def test_caches_are_told_with_all_their_parts() -> None:
    caches = written(CACHES, 3, 0, 300, 10, 1, 2**40, 11, 0)
    assert again(written(NODE) + caches) == written(NODE) + caches


@pytest.mark.parametrize("message", [b"", b"\x80", written(NODE, 99), written(NODE, STATE, 1), b'{"what": "reload"}'])
def test_what_cannot_be_read_is_not_repeated(message: bytes) -> None:
    with pytest.raises(Unknown):
        again(message)


NUMBERS = st.integers(0, 2**63)


@given(NUMBERS, st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=5))
def test_changes_of_any_numbers_are_told_as_they_were(node: int, changes: list[tuple[int, int, int]]) -> None:
    message = written(node) + b"".join(written(STATE, *numbers) for numbers in changes)
    assert again(message) == message


@given(st.binary(max_size=60))
def test_no_message_breaks_it(message: bytes) -> None:
    with contextlib.suppress(Unknown):
        again(message)


class Coordinator:
    """The other end of a connection, as NATS speaks."""

    def __init__(self) -> None:
        self.ours, theirs = socket.socketpair()
        self.file = self.ours.makefile("rwb")
        self.say(b"INFO {}")
        self.repeater = repeat.Repeater(theirs, "s3cret")
        self.ended: list[BaseException] = []
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        self.connect = self.line()
        self.subscription = self.line()
        self.line()

    def _run(self) -> None:
        try:
            self.repeater.run()
        except BaseException as end:  # noqa: BLE001  # whatever ended it
            self.ended.append(end)

    def say(self, line: bytes) -> None:
        self.file.write(line + b"\r\n")
        self.file.flush()

    def line(self) -> bytes:
        return self.file.readline().strip()


@pytest.fixture
def coordinator() -> Iterator[Coordinator]:
    made = Coordinator()
    yield made
    made.ours.shutdown(socket.SHUT_RDWR)
    made.file.close()
    made.ours.close()
    made.thread.join(5)
    assert made.ended, "it goes when the coordinator goes, and systemd starts it again"


def test_what_is_heard_is_told_later_and_marked(coordinator: Coordinator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeat, "LATER_SECONDS", 0.3)
    began = time.monotonic()
    coordinator.say(b"MSG stwt.agora 1 %d\r\n%s" % (len(RECORDED), RECORDED))
    assert coordinator.line().startswith(b"HPUB stwt.agora ")
    assert time.monotonic() - began >= 0.3
    assert [coordinator.line(), coordinator.line(), coordinator.line()] == [
        b"NATS/1.0",
        b"Repeated: 1",
        b"",
    ]


def test_what_was_repeated_is_not_repeated_again(coordinator: Coordinator) -> None:
    """Two of them would else tell each other for ever."""
    mark = b"NATS/1.0\r\nRepeated: 1\r\n\r\n"
    coordinator.say(b"HMSG stwt.agora 1 %d %d\r\n%s%s" % (len(mark), len(mark) + len(RECORDED), mark, RECORDED))
    coordinator.say(b"PING")
    assert coordinator.line() == b"PONG"
    assert not coordinator.repeater.later


def test_one_of_the_group_hears_each_message_and_none_its_own(coordinator: Coordinator) -> None:
    options = json.loads(coordinator.connect.partition(b" ")[2])
    assert options["echo"] is False
    assert coordinator.subscription == b"SUB stwt.agora repeat 1"
