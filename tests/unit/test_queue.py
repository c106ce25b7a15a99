"""What waits in the mail server's queue is told by next hop, without naming anybody; what waits too long stands out."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from lib.stalwart import queue

from tests.unit.test_status import MAIL, WANTED, WELL
from tools.status.differences import differences
from tools.status.document import document
from tools.status.look import View
from tools.status.table import render

RECORDED = Path(__file__).parents[1] / "recordings" / "stalwart" / "52-queue.json"
NOW = datetime.fromisoformat("2026-11-25T10:00:00+00:00")
RELAY = "smarthost.relay.test"


def recorded() -> list[dict[str, Any]]:
    return [answer[1] for answer in json.loads(RECORDED.read_text())["response"]["methodResponses"]]


def mail(hop: str, age: timedelta, *, overdue: timedelta = timedelta(0), local: bool = False) -> dict[str, Any]:
    status = {"@type": "TemporaryFailure", "responseHostname": hop, "errorMessage": "no answer"}
    return {
        "createdAt": f"{NOW - age:%Y-%m-%dT%H:%M:%SZ}",
        "recipients": {
            f"ada@{hop}": {
                "retryDue": f"{NOW - overdue:%Y-%m-%dT%H:%M:%SZ}",
                "queueName": "local" if local else "remote",
                "status": status,
            }
        },
    }


def seen(*mails: dict[str, Any]) -> View:
    found = queue.summary([{"total": len(mails)}, {"list": list(mails)}], NOW)
    return View(
        wanted=type(WANTED)(**{**vars(WANTED), "relay": RELAY}), nodes=WELL.nodes, mail={**MAIL, "queue": found}
    )


def told(view: View) -> dict[str, bool]:
    return {difference.what: difference.grave for difference in differences(view)}


def test_what_the_real_server_tells_is_counted_by_next_hop() -> None:
    found = queue.summary(recorded(), datetime.fromisoformat("2026-11-25T04:28:00+00:00"))
    assert (found["mails"], found["oldest_seconds"], found["due"], found["late"]) == (3, 133, 1, 0)
    relay, dark = found["hops"]
    assert (relay["hop"], relay["mails"], dark["hop"], dark["mails"]) == (RELAY, 2, "nowhere.test", 1)
    assert relay["reason"].startswith("Authentication failed: Code: 535")


def test_the_calls_are_those_that_the_real_server_answered() -> None:
    asked = json.loads(RECORDED.read_text())["request"]["methodCalls"]
    assert [(method, arguments) for method, arguments, _ in asked] == queue.look()


def test_no_address_is_told() -> None:
    assert "@" not in json.dumps(queue.summary(recorded(), NOW))


def test_an_empty_queue_is_one_line() -> None:
    view = seen()
    assert "queue: empty" in render(view, [])
    assert document(view, [])["queue"]["mails"] == 0


def test_a_mail_that_waits_for_somebody_else_is_only_told() -> None:
    view = seen(mail("example.org", timedelta(minutes=30)))
    assert not told(view)
    assert "1 for example.org, the oldest since 30 min: no answer" in render(view, [])


def test_old_mail_for_somebody_else_is_worth_knowing() -> None:
    found = told(seen(mail("example.org", timedelta(hours=5))))
    assert found == {"1 mail for example.org waits since 5 h: no answer": False}


def test_mail_that_our_relay_or_our_mailboxes_do_not_take_is_grave() -> None:
    half = timedelta(minutes=31)
    found = told(seen(mail(RELAY, half), mail("dev.test", half, local=True)))
    assert list(found.values()) == [True, True]


def test_mail_that_nobody_delivers_is_grave() -> None:
    found = told(seen(mail("example.org", timedelta(hours=1), overdue=timedelta(minutes=21))))
    assert found == {"1 mail for example.org should have been delivered long ago and nobody does": True}


def test_where_nobody_could_be_asked_nothing_is_said_of_the_queue() -> None:
    view = View(WANTED, WELL.nodes, None, "no answer")
    assert "queue" not in render(view, [])
    assert document(view, [])["queue"] is None


HOURS = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3))


@given(st.lists(st.builds(mail, st.sampled_from(["a.test", "b.test", RELAY]), HOURS, local=st.booleans()), max_size=20))
def test_every_mail_is_counted_once(mails: list[dict[str, Any]]) -> None:
    found = queue.summary([{"total": len(mails)}, {"list": mails}], NOW)
    assert sum(hop["mails"] for hop in found["hops"]) == len(mails) == found["due"]
    assert found["late"] == 0
