"""The load of one case: a sender per node, waits on what they get accepted, and the verdict at the end."""

import secrets
import time
from collections.abc import Mapping
from threading import Lock

from lib.mailbox import Mailbox

from . import reader
from .ledger import Ledger
from .report import Report
from .sender import PAUSE_SECONDS, Sender

_POLL_SECONDS = 0.1


class Load:
    """Mail through every node. Sources are addresses of this machine, one per node: the server counts
    connections per address. Each sender rests so many seconds between two messages.
    """

    def __init__(
        self, case: str, who: Mailbox, admin: Mailbox, sources: Mapping[str, str], pause: float = PAUSE_SECONDS
    ) -> None:
        self.case = case
        self.ledger = Ledger()
        self.prefix = f"chaos-{secrets.token_hex(4)}"
        self.began = time.monotonic()
        self.report: Report | None = None
        self._who, self._admin, self._sources, self._pause = who, admin, sources, pause
        self._addresses: dict[str, str] = {}
        self._senders: dict[str, Sender] = {}
        self._number = 0
        self._lock = Lock()

    def through(self, **nodes: str) -> None:
        """Begin to send through nodes, given by name and address."""
        for node, address in nodes.items():
            self._addresses[node] = address
            self._senders[node] = Sender(
                node, address, self._sources[node], self._who, self.ledger, self._name, self._pause
            )
            self._senders[node].start()

    def no_more_through(self, *nodes: str) -> None:
        """End the sending through nodes that are taken out of the cluster."""
        for node in nodes:
            self._addresses.pop(node)
            self._senders[node].stop()

    def until_accepted(self, *nodes: str, seconds: float = 30, more: int = 3) -> None:
        """Wait until each of the nodes, all where none is named, has accepted so many more messages."""
        began = time.monotonic()
        for node in nodes or tuple(self._addresses):
            while len(self.ledger.accepted(node, since=began)) < more:
                waited = time.monotonic() - began
                why = dict(self.ledger.reasons().get(node) or {})
                assert waited < seconds, f"{node} accepted less than {more} messages within {seconds} s: {why}"
                time.sleep(_POLL_SECONDS)

    def measure(self) -> float:
        """Forget what was before: the case begins now. The time of the steady clock."""
        self.began = time.monotonic()
        return self.began

    def end(self, live: list[str], seconds: float = 60) -> Report:
        """Stop sending, look for everything through the live nodes, and tell."""
        ended = time.monotonic()
        for sender in self._senders.values():
            sender.stop()
        for sender in self._senders.values():
            sender.join()
        addresses = [self._addresses[node] for node in live]
        verdict = reader.look(addresses, self._who, self._admin, self.ledger, self.prefix, seconds)
        self.report = Report(self.case, self.ledger, self.began, ended, verdict)
        self.report.tell()
        return self.report

    def stop(self) -> None:
        """Stop sending, whatever happened."""
        for sender in self._senders.values():
            sender.stop()

    def _name(self) -> str:
        with self._lock:
            self._number += 1
            return f"{self.prefix}-{self._number:06d}"
