"""How much mail the cluster takes and delivers, and how soon who waits on one node hears of mail on another.

Method. Four accounts, and for each a sender at every node: twelve sessions at once, each hands in one small mail to its
own account after the other, eight per session, and never rests. *Accepted* counts the server's `250` from the moment on
at which every session works; *delivered* goes on until the last of them is in its inbox, and so is a lower bound by up
to half a second of polling. Senders, nodes and readers share this machine. For IDLE, somebody waits on one node while a
mail is handed in on another, for every ordered pair; from the acceptance to the word of it.
"""

import time
from itertools import permutations
from statistics import median
from typing import Any

from lib.mailbox import Mailbox, compose
from lib.verify import idle

from tests.chaos.load import Load
from tests.lab.conftest import Lab
from tests.lab.people import administrator, busy
from tests.lab.service import Service

_ACCOUNTS = 4
_MAILS_PER_SESSION = 60
_LONGEST_SECONDS = 300.0
_TIMES = 5


def measure(lab: Lab) -> dict[str, Any]:
    """Mails a second in both senses, and seconds until one is told of a mail, in the middle and at worst."""
    service = Service(lab)
    service.until_well()
    addresses = service.addresses
    first = next(iter(addresses.values()))
    people = [busy(lab, first, f"busy{number}") for number in range(1, _ACCOUNTS + 1)]
    loads = [Load(f"bench delivery {who.login}", who, administrator(lab), service.sources, pause=0) for who in people]
    return {"mails_per_second": _rates(loads, addresses), "idle_seconds": _told(addresses, people[0])}


def _rates(loads: list[Load], addresses: dict[str, str]) -> dict[str, float]:
    try:
        for load in loads:
            load.through(**addresses)
        for load in loads:
            load.until_accepted(seconds=_LONGEST_SECONDS)
        began = time.monotonic()
        for load in loads:
            load.until_accepted(seconds=_LONGEST_SECONDS, more=_MAILS_PER_SESSION)
        accepted = sum(len(load.ledger.accepted(since=began)) for load in loads) / (time.monotonic() - began)
        for load in loads:
            load.stop()
        reports = [load.end(list(addresses)) for load in loads]
    finally:
        for load in loads:
            load.stop()
    lost = [report.verdict.missing for report in reports if report.verdict.missing]
    assert not lost, f"accepted and lost: {lost}"
    delivered = sum(report.verdict.delivered for report in reports)
    seconds = time.monotonic() - min(load.began for load in loads)
    return {"accepted": round(accepted, 1), "delivered": round(delivered / seconds, 1)}


def _told(addresses: dict[str, str], who: Mailbox) -> dict[str, float]:
    took = [
        idle.latency(addresses[reader], addresses[sender], who, compose(who.login, who.login, "bench idle", "told"))
        for reader, sender in permutations(addresses, 2)
        for _ in range(_TIMES)
    ]
    return {"median": round(median(took), 2), "worst": round(max(took), 2)}
