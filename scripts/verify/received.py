"""On the host of the world outside: what came in here from the stack, judged as a receiver judges it.

SPF by python3-spf, signatures by python3-dkim; names are looked up at the name server of this host.
"""

import json
import time
from os import environ
from pathlib import Path

from lib.console import POLL_SECONDS, run
from lib.verify import judge
from lib.verify.check import Told, judged, tell

# Subject -> {"from": domain of the sender, "node": where it was handed in}.
MAILS: dict[str, dict[str, str]] = json.loads(environ["MAILS"])

_SECONDS = 60
_MAILBOX = Path("/home/person/Maildir/new")


def main() -> None:
    began = time.monotonic()
    found: dict[str, judge.Judgement] = {}
    while set(MAILS) - set(found) and time.monotonic() - began < _SECONDS:
        found |= look(set(MAILS) - set(found))
        if set(MAILS) - set(found):
            time.sleep(POLL_SECONDS)
    checks = told(found, time.monotonic() - began)
    empty()
    tell(checks)


def look(wanted: set[str]) -> dict[str, judge.Judgement]:
    """The mails that are here, by subject."""
    found = {}
    for path in _MAILBOX.glob("*") if _MAILBOX.is_dir() else ():
        mail = judge.Judgement(path.read_bytes())
        if mail.subject in wanted:
            found[mail.subject] = mail
    return found


def told(found: dict[str, judge.Judgement], seconds: float) -> list[Told]:
    """The checks, each over all mails."""
    missing = [f"{_way(subject)} does not arrive within {_SECONDS} s" for subject in MAILS if subject not in found]
    arrived = judged("outgoing", seconds, missing, f"{len(found)} mails arrive")
    checks = [arrived]
    for name, look_at in judge.LOOKS.items():
        began = time.monotonic()
        seen = {subject: look_at(mail, MAILS[subject]["from"]) for subject, mail in found.items()}
        wrong = [f"{_way(subject)}: {verdict.what}" for subject, verdict in seen.items() if not verdict.right]
        right = ", ".join(sorted({verdict.what for verdict in seen.values()}))
        if not found:
            wrong = ["no mail arrived"]
        checks.append(judged(name, time.monotonic() - began, wrong, right))
    return checks


def _way(subject: str) -> str:
    return f"mail of {MAILS[subject]['from']} from {MAILS[subject]['node']}"


def empty() -> None:
    """What was judged is of no use to anybody."""
    for path in _MAILBOX.glob("*") if _MAILBOX.is_dir() else ():
        path.unlink()


run(main)
