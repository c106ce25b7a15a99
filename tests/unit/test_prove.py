"""The proof: what it does about a mail that is late, and which failure it names."""

import importlib.util
import json
from email.message import EmailMessage
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from lib import console, mailbox
from lib.mailbox import Mailbox

SCRIPT = Path(__file__).parents[2] / "scripts" / "proof" / "prove.py"
WISH = {
    "hostname": "mail.dev.test", "outgoing": "out.mail.dev.test", "exchangers": [], "proxies": [],
    "domain": "dev.test", "admin": "admin", "probe": "cluster-probe", "submission": False,
    "coordinators": [], "nodes": [], "sieve": False, "mta_sts": "none", "downloads": False,
}  # fmt: skip
PAIR = ["mx1", "mx2"]
PROBE = Mailbox("cluster-probe@dev.test", "secret")


class Inbox:
    """An inbox that keeps the first mails back, as many as it is told, and shows the others."""

    def __init__(self, lost: int) -> None:
        self.handed_in: list[str] = []
        self._lost = lost

    def hand_in(self, node: str, _: Mailbox, messages: list[EmailMessage]) -> None:
        assert node == "10.0.0.1"
        self.handed_in += [message["Subject"] for message in messages]

    def subjects(self, *_: object) -> set[str]:
        return set(self.handed_in[self._lost :])


@pytest.fixture
def prove(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, without its run, and with seconds for a tester."""
    nodes = {name: {"address": f"10.0.0.{index}", "hostname": name} for index, name in enumerate(PAIR, 1)}
    given = {"NODE": "mx1", "WISH": json.dumps(WISH), "NODES": json.dumps(nodes), "PAIRS": json.dumps([PAIR])}
    given["DOMAINS"] = '["dev.test"]'
    for key, value in {**given, "ADMIN_PASSWORD": "x", "PROBE_PASSWORD": "x"}.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setattr(console, "run", lambda _: None)
    spec = importlib.util.spec_from_file_location("prove", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, seconds in {"DELIVERY_SECONDS": 1.0, "AGAIN_SECONDS": 0.2, "POLL_SECONDS": 0.05}.items():
        monkeypatch.setattr(module, name, seconds)
    return module


def proved(prove: ModuleType, monkeypatch: pytest.MonkeyPatch, inbox: Inbox) -> dict[str, Any]:
    """The result of the one pair."""
    monkeypatch.setattr(mailbox, "hand_in", inbox.hand_in)
    monkeypatch.setattr(mailbox, "subjects", inbox.subjects)
    monkeypatch.setattr(mailbox, "subjects_by_jmap", inbox.subjects)
    handed_in: dict[str, float] = {}
    assert prove.send("mx1", PROBE, "run", handed_in) == []
    (result,) = prove.receive("mx2", PROBE, "run", [PAIR], handed_in)
    return dict(result)


def test_a_mail_that_arrives_is_handed_in_once(prove: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = Inbox(lost=0)
    result = proved(prove, monkeypatch, inbox)
    assert "failure" not in result
    assert len(inbox.handed_in) == 1


def test_for_a_mail_that_is_late_one_more_is_handed_in(prove: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be locked in the queue for ten minutes, which says nothing of the way from node to node."""
    inbox = Inbox(lost=1)
    result = proved(prove, monkeypatch, inbox)
    assert "failure" not in result
    assert len(inbox.handed_in) == 2
    assert result["imap_seconds"] >= 0.2, "counted from the first"


def test_when_no_mail_arrives_the_pair_fails_by_the_protocol_that_was_asked_first(
    prove: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = Inbox(lost=9)
    result = proved(prove, monkeypatch, inbox)
    assert result["failure"].startswith("a mail handed in on mx1 cannot be read on mx2 by IMAP")
    assert len(inbox.handed_in) == 2
