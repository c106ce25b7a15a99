"""The ledger of accepted mail: what it finds missing, and how long nobody accepted anything."""

import pytest
from lib.mailbox import Mailbox

from tests.chaos import reader
from tests.chaos.ledger import Entry, Ledger, Outcome, longest_gap
from tests.chaos.report import Report

ACCEPTED, REFUSED, UNANSWERED = Outcome.ACCEPTED, Outcome.REFUSED, Outcome.UNANSWERED


def ledger(*entries: tuple[str, str, float, Outcome]) -> Ledger:
    return Ledger(Entry(*entry) for entry in entries)


def test_a_message_that_was_accepted_and_is_not_there_is_missing() -> None:
    kept = ledger(("one", "mx1", 1.0, ACCEPTED), ("two", "mx2", 2.0, ACCEPTED))
    assert [entry.message for entry in kept.missing({"one"})] == ["two"]
    assert kept.missing({"one", "two"}) == []


@pytest.mark.parametrize("outcome", [REFUSED, UNANSWERED])
def test_a_message_that_was_not_accepted_may_be_away(outcome: Outcome) -> None:
    assert ledger(("one", "mx1", 1.0, outcome)).missing(set()) == []


def test_the_longest_gap_lies_between_two_messages() -> None:
    gap = longest_gap([11.0, 12.0, 16.5, 17.0], begin=10.0, end=18.0)
    assert (gap.begin, gap.end, gap.seconds) == (12.0, 16.5, 4.5)


def test_the_wait_for_the_first_message_and_the_silence_after_the_last_count() -> None:
    assert longest_gap([15.0, 16.0], begin=10.0, end=17.0).seconds == 5.0
    assert longest_gap([11.0, 12.0], begin=10.0, end=20.0).seconds == 8.0


def test_without_any_message_the_gap_is_the_whole_time() -> None:
    assert longest_gap([], begin=10.0, end=25.0).seconds == 15.0


def test_what_was_accepted_before_the_case_began_shortens_no_gap() -> None:
    assert longest_gap([1.0, 2.0, 30.0], begin=10.0, end=15.0).seconds == 5.0


def test_times_need_no_order() -> None:
    assert longest_gap([16.0, 11.0, 12.0], begin=10.0, end=17.0).seconds == 4.0


def test_the_service_accepts_as_long_as_any_node_does() -> None:
    """mx1 is away from 2 to 8, mx2 from 3 to 5."""
    kept = ledger(
        *(("a", "mx1", at, ACCEPTED) for at in (1.0, 2.0, 8.0, 9.0)),
        *(("b", "mx2", at, ACCEPTED) for at in (1.5, 3.0, 5.0, 6.0, 7.0, 8.5)),
        *(("c", "mx2", at, REFUSED) for at in (3.5, 4.0, 4.5)),
    )
    report = Report("a case", kept, 1.0, 9.0, reader.Verdict(10))
    assert report.node_gap("mx1").seconds == 6.0
    assert report.node_gap("mx2").seconds == 2.0
    assert report.service_gap.seconds == 2.0
    figures = report.figures()
    assert figures["nobody_accepted_seconds"] == 2.0
    assert figures["accepted_by_node"] == {"mx1": 4, "mx2": 6}
    assert figures["refused"] == 3


def looked(monkeypatch: pytest.MonkeyPatch, inboxes: list[set[str]], queue: set[str]) -> reader.Verdict:
    """A look for one, two and three; each look into the inbox finds the next, the last for ever."""
    looks = iter(inboxes)
    last: set[str] = set()

    def inbox(*_: object) -> set[str]:
        nonlocal last
        last = next(looks, last)
        return last

    monkeypatch.setattr(reader, "_inbox", inbox)
    monkeypatch.setattr(reader, "_queue", lambda *_: queue)
    kept = ledger(*((message, "mx1", 1.0, ACCEPTED) for message in ("one", "two", "three")))
    return reader.look(["10.0.0.1"], Mailbox("a", "b"), Mailbox("c", "d"), kept, "", 0)


def test_a_reader_finds_what_is_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict = looked(monkeypatch, [{"one"}], {"two"})
    assert [entry.message for entry in verdict.missing] == ["three"]
    assert [entry.message for entry in verdict.late] == ["two"]
    assert verdict.delivered == 1


def test_what_leaves_the_queue_while_a_reader_looks_is_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict = looked(monkeypatch, [{"one"}, {"one", "two", "three"}], set())
    assert (verdict.delivered, verdict.late, verdict.missing) == (3, [], [])
