"""What came in from the world outside, read on another node than took it; then an answer is written on every node."""

import imaplib
import json
import re
import smtplib
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from email.message import EmailMessage
from os import environ
from typing import Any

from lib import mailbox
from lib.console import POLL_SECONDS, run
from lib.mailbox import Mailbox
from lib.stalwart import service
from lib.stalwart.jmap import Client
from lib.verify.check import Told, judged, tell
from lib.verify.folders import Filed, filed

NODE = environ["NODE"]
# Node name -> address.
NODES: dict[str, str] = json.loads(environ["NODES"])
# Address -> password.
ACCOUNTS: dict[str, str] = json.loads(environ["ACCOUNTS"])
# Subject -> {"to", "through", "sent": seconds of the epoch}: what was sent from outside.
MAILS: dict[str, dict[str, str]] = json.loads(environ["MAILS"])
# Subject -> {"from": account, "node", "to"}: what is to be sent outside.
REPLIES: dict[str, dict[str, str]] = json.loads(environ["REPLIES"])

ADMIN_LOGIN = environ["ADMIN_LOGIN"]
ADMIN_PASSWORD = environ["ADMIN_PASSWORD"]

_SECONDS = 75
_ATTEMPT_SECONDS = 20
_TROUBLE = (OSError, imaplib.IMAP4.error, smtplib.SMTPException)


def main() -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        replying = pool.submit(reply)
        found, seen = wait()
        seconds = time.monotonic() - began
        failures = replying.result()
    checks = [incoming(found, seen, seconds), encrypted(found), *authenticated(found)]
    again = second_attempts()
    tell(checks, replied=sorted(set(REPLIES) - set(failures)), failures=sorted(failures.values()), again=again)


def reply() -> dict[str, str]:
    """Hand in what goes outside, on the node that it says; subject -> why one was not taken."""
    failures = {}
    for subject, way in REPLIES.items():
        account = Mailbox(way["from"], ACCOUNTS[way["from"]])
        try:
            mailbox.hand_in(NODES[way["node"]], account, [answer(subject, way)])
        except _TROUBLE as trouble:
            failures[subject] = f"{way['node']} does not take mail of {way['from']}: {trouble}"
    return failures


def answer(subject: str, way: dict[str, str]) -> EmailMessage:
    text = "Sent by the verification of stalwart-cluster to the world outside.\n"
    return mailbox.compose(way["from"], way["to"], subject, text)


def second_attempts() -> int:
    """Have each node try again at once what it was given and waits for a second attempt; how many mails that were.

    The first attempt asks for a certificate that an authority vouches for, the second one, minutes later, is content
    with encryption; the mail server outside has a certificate of its own making, as many have.
    """
    clients = {
        way["to"]: Client(f"https://{NODES[way['node']]}:443", ADMIN_LOGIN, ADMIN_PASSWORD) for way in REPLIES.values()
    }
    told: set[str] = set()
    end = time.monotonic() + _ATTEMPT_SECONDS
    while time.monotonic() < end:
        waiting = queued()
        for identity, (address, kinds) in waiting.items():
            if "TemporaryFailure" in kinds and identity not in told:
                now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: UP017  # as the other scripts
                clients[address].call(("x:QueuedMessage/set", {"update": {identity: {"nextRetry": now}}}))
                told.add(identity)
        if not waiting:
            break
        time.sleep(POLL_SECONDS)
    return len(told)


def queued() -> dict[str, tuple[str, set[str]]]:
    """Our mails that wait in the queue: id -> to whom, and what became of it so far."""
    client = Client(service.API, ADMIN_LOGIN, ADMIN_PASSWORD)
    (query,) = client.call(("x:QueuedMessage/query", {}))
    (answer,) = client.call(("x:QueuedMessage/get", {"ids": query["ids"]}))
    ours = {way["to"] for way in REPLIES.values()}
    return {
        item["id"]: (next(iter(ours & set(item["recipients"]))), states(item))
        for item in answer["list"]
        if ours & set(item["recipients"])
    }


def states(message: dict[str, Any]) -> set[str]:
    """What became of a queued mail's recipients so far."""
    return {str(recipient["status"]["@type"]) for recipient in message["recipients"].values()}


def wait() -> tuple[dict[str, Filed], dict[str, float]]:
    """The mails by subject, and when each was seen first; each account is read on all nodes in turn."""
    found: dict[str, Filed] = {}
    seen: dict[str, float] = {}
    end, names, turn = time.monotonic() + _SECONDS, list(NODES), 0
    while set(MAILS) - set(found) and time.monotonic() < end:
        node = NODES[names[turn % len(names)]]
        turn += 1
        for login, password in ACCOUNTS.items():
            if not {subject for subject, mail in MAILS.items() if mail["to"] == login} - set(found):
                continue
            try:
                here = {mail.subject: mail for mail in filed(node, Mailbox(login, password))}
            except _TROUBLE:
                continue
            now = time.time()
            for subject in set(MAILS) & set(here) - set(found):
                found[subject], seen[subject] = here[subject], now
        time.sleep(POLL_SECONDS)
    return found, seen


def incoming(found: dict[str, Filed], seen: dict[str, float], seconds: float) -> Told:
    missing = [
        f"mail for {mail['to'].rpartition('@')[2]} through {mail['through'] or 'an exchanger of its choice'}"
        f" cannot be read within {_SECONDS} s"
        for subject, mail in MAILS.items()
        if subject not in found
    ]
    took = [seen[subject] - float(MAILS[subject]["sent"]) for subject in found]
    folders = ", ".join(sorted({mail.folder for mail in found.values()}))
    right = f"{len(found)} mails, slowest {max(took, default=0):.1f} s, in {folders}"
    return judged("incoming", seconds, missing, right)


def encrypted(found: dict[str, Filed]) -> Told:
    wrong, kinds = [], set()
    for subject, mail in found.items():
        hops = [" ".join(str(header).split()) for header in mail.message.get_all("Received", [])]
        hop = next((hop for hop in hops if "world.test" in hop.partition(" by ")[0]), "")
        said = re.search(r"TLSv?[0-9._]+|TLS1_[0-9]", hop)
        if "ESMTPS" not in hop:
            wrong.append(f"mail through {MAILS[subject]['through'] or 'an exchanger'} came in clear: {hop[:120]}")
        elif said:
            kinds.add(said[0])
    return judged(
        "incoming-tls", 0, wrong or ([] if found else ["no mail arrived"]), ", ".join(sorted(kinds)) or "ESMTPS"
    )


def authenticated(found: dict[str, Filed]) -> list[Told]:
    """What the mail server wrote down of each mail: SPF, both signatures, DMARC, and the reverse name."""
    checks = []
    for name, pattern, count in (
        ("incoming-spf", r"\bspf=pass\b", 1),
        ("incoming-dkim", r"\bdkim=pass\b", 2),
        ("incoming-dmarc", r"\bdmarc=pass\b", 1),
        ("incoming-reverse", r"\biprev=pass\b", 1),
    ):
        wrong = []
        for subject, mail in found.items():
            if len(re.findall(pattern, mail.authentication)) < count:
                through = MAILS[subject]["through"] or "an exchanger"
                wrong.append(f"mail through {through}: {mail.authentication or 'nothing is written down'}")
        checks.append(judged(name, 0, wrong or ([] if found else ["no mail arrived"]), f"pass for {len(found)} mails"))
    return checks


run(main)
