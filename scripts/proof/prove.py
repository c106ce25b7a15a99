"""Prove the mail cluster by mail: handed in on one node, read on another, for every pair; then clean up.

Every node must know every domain and list every node; all failures are named, not the first alone.
"""

import imaplib
import json
import secrets
import smtplib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from email.message import EmailMessage
from os import environ
from typing import Any

from lib import mailbox
from lib.console import POLL_SECONDS, Failed, log, run
from lib.mailbox import Mailbox
from lib.stalwart.jmap import Client, Refused, Unauthorized, Unreachable
from lib.stalwart.listing import every
from lib.stalwart.wish import parse

NODE = environ["NODE"]
WISH = parse(environ["WISH"])
# Node name -> {"address", "hostname"}, and the pairs of names: who hands in, who reads.
NODES: dict[str, dict[str, str]] = json.loads(environ["NODES"])
DOMAINS: list[str] = json.loads(environ["DOMAINS"])
PAIRS: list[list[str]] = json.loads(environ["PAIRS"])
ADMIN_PASSWORD = environ["ADMIN_PASSWORD"]
PROBE_PASSWORD = environ["PROBE_PASSWORD"]

# Mail is read elsewhere within 1.2 s (measured); a node that lags by this much is broken.
DELIVERY_SECONDS = 45
# A mail that the server took while the database recovered is locked in its queue for ten minutes: another one shows
# whether mail goes this way.
AGAIN_SECONDS = 15
# The mail server reads at a version of the database that is up to four seconds old.
SEEN_SECONDS = 20
SUBJECT = "stalwart-cluster proof"
TROUBLE = (OSError, smtplib.SMTPException, imaplib.IMAP4.error, Unreachable, Unauthorized, Refused)


def main() -> None:
    probe = Mailbox(WISH.probe_login, PROBE_PASSWORD)
    run_id = secrets.token_hex(8)
    with ThreadPoolExecutor(max_workers=max(4, len(NODES))) as pool:
        told = list(pool.map(look_at, NODES))
        failures = [failure for failure, _ in told if failure]
        handed_in: dict[str, float] = {}
        failures += [
            f for found in pool.map(lambda name: send(name, probe, run_id, handed_in), senders()) for f in found
        ]
        waiting = [pair for pair in PAIRS if token(run_id, pair) in handed_in]
        log(f"waiting for {len(waiting)} mails to be read (at most {DELIVERY_SECONDS} s)")
        results = [
            r
            for found in pool.map(lambda name: receive(name, probe, run_id, waiting, handed_in), readers())
            for r in found
        ]
    failures += [result["failure"] for result in results if result.get("failure")]
    clean_up(probe)
    if failures:
        raise Failed(
            "the proof failed: " + "; ".join(failures) + queued_note(), "the nodes named are the place to look"
        )
    pairs = [{key: result[key] for key in ("from", "to", "imap_seconds", "jmap_seconds")} for result in results]
    document = {
        "pairs": sorted(pairs, key=lambda pair: (pair["from"], pair["to"])),
        "slowest_seconds": max(pair["imap_seconds"] for pair in pairs),
        "nodes": {name: node for name, (_, node) in zip(NODES, told, strict=True)},
        "checked_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),  # noqa: UP017  # as the other scripts
    }
    print(json.dumps(document, sort_keys=True))


def senders() -> list[str]:
    return sorted({pair[0] for pair in PAIRS})


def readers() -> list[str]:
    return sorted({pair[1] for pair in PAIRS})


def token(run_id: str, pair: list[str]) -> str:
    return f"{SUBJECT} {run_id} {pair[0]} to {pair[1]}"


def look_at(name: str) -> tuple[str, int | None]:
    """A failure, or nothing and the node's id: does the node know every domain, and every node?

    Asked again for a while: what another node wrote may be seen some seconds later.
    """
    end = time.monotonic() + SEEN_SECONDS
    while True:
        failure, node = looked_at(name)
        if not failure or time.monotonic() > end:
            return failure, node
        time.sleep(POLL_SECONDS)


def looked_at(name: str) -> tuple[str, int | None]:
    client = Client(f"https://{NODES[name]['address']}:443", WISH.admin_login, ADMIN_PASSWORD, 20)
    try:
        domains = every(client, "Domain", ("id", "name"))
        (nodes,) = client.call(("x:ClusterNode/get", {"ids": None}))
    except TROUBLE as trouble:
        return f"{name} does not answer the administrator: {trouble}", None
    if missing := set(DOMAINS) - {item["name"].lower() for item in domains}:
        return f"{name} does not know {', '.join(sorted(missing))}", None
    active = {item["hostname"]: int(item["nodeId"]) for item in nodes["list"] if item["status"] == "active"}
    wanted = {node["hostname"] for node in NODES.values()}
    if missing := wanted - set(active):
        return f"{name} does not list {', '.join(sorted(missing))} as active", None
    if len({active[hostname] for hostname in wanted}) < len(wanted):
        return f"{name} lists two nodes under one id", None
    return "", active[NODES[name]["hostname"]]


def send(name: str, probe: Mailbox, run_id: str, handed_in: dict[str, float]) -> list[str]:
    """Hand in on one node all mails that begin there, in one session: the server counts connections."""
    pairs = [pair for pair in PAIRS if pair[0] == name]
    try:
        mailbox.hand_in(NODES[name]["address"], probe, [message(token(run_id, pair)) for pair in pairs])
    except TROUBLE as trouble:
        return [f"{name} does not take mail: {trouble}"]
    now = time.monotonic()
    handed_in.update({token(run_id, pair): now for pair in pairs})
    return []


def send_again(pairs: list[list[str]], probe: Mailbox, run_id: str) -> None:
    """A second mail for each pair whose first is late. The time is still counted from the first."""
    for pair in pairs:
        log(f"note: the mail from {pair[0]} to {pair[1]} is late; another is handed in")
        try:
            mailbox.hand_in(NODES[pair[0]]["address"], probe, [message(token(run_id, pair))])
        except TROUBLE as trouble:
            log(f"note: {pair[0]} does not take it: {trouble}")


def message(subject: str) -> EmailMessage:
    text = "Sent by the proof of stalwart-cluster. It is removed once it was read.\n"
    return mailbox.compose(WISH.probe_login, WISH.probe_login, subject, text)


def receive(
    name: str, probe: Mailbox, run_id: str, waiting: list[list[str]], handed_in: dict[str, float]
) -> list[dict[str, Any]]:
    """Read on one node all mails that end there, by IMAP and by JMAP."""
    address = NODES[name]["address"]
    pairs = {token(run_id, pair): pair for pair in waiting if pair[1] == name}

    def late(lacking: set[str]) -> None:
        send_again([pairs[subject] for subject in sorted(lacking)], probe, run_id)

    imap, imap_trouble = seen(lambda: mailbox.subjects(address, probe), set(pairs), late)
    jmap, jmap_trouble = seen(lambda: mailbox.subjects_by_jmap(address, probe), set(pairs), lambda _: None)
    results = []
    for subject, pair in pairs.items():
        result: dict[str, Any] = {"from": pair[0], "to": pair[1]}
        for protocol, times, trouble in (("imap", imap, imap_trouble), ("jmap", jmap, jmap_trouble)):
            if subject in times:
                result[f"{protocol}_seconds"] = round(times[subject] - handed_in[subject], 2)
            else:
                reason = f"a mail handed in on {pair[0]} cannot be read on {pair[1]} by {protocol.upper()}"
                result.setdefault("failure", f"{reason} within {DELIVERY_SECONDS} s{trouble}")
        results.append(result)
    return results


def seen(
    read: Callable[[], set[str]], wanted: set[str], late: Callable[[set[str]], None]
) -> tuple[dict[str, float], str]:
    """When each subject was seen first, and the last trouble in words. `late` is told once what lacks after a while."""
    times: dict[str, float] = {}
    trouble, told, began = "", False, time.monotonic()
    while lacking := wanted - set(times):
        waited = time.monotonic() - began
        if waited > DELIVERY_SECONDS:
            break
        if waited > AGAIN_SECONDS and not told:
            told = True
            late(lacking)
        try:
            here = read()
        except TROUBLE as problem:
            trouble, here = f" ({problem})", set()
        now = time.monotonic()
        times |= dict.fromkeys(lacking & here, now)
        if lacking - here:
            time.sleep(POLL_SECONDS)
    return times, trouble


def clean_up(probe: Mailbox) -> None:
    """The mails of this proof, and those an interrupted one left."""
    for name in readers():
        try:
            mailbox.remove(NODES[name]["address"], probe, SUBJECT)
        except TROUBLE as trouble:
            log(f"note: {name} could not remove the proof's mails: {trouble}")
        else:
            return


def queued_note() -> str:
    """A mail that was taken and waits in the queue is late, not lost: say how many there are."""
    for node in NODES.values():
        client = Client(f"https://{node['address']}:443", WISH.admin_login, ADMIN_PASSWORD, 10)
        try:
            (answer,) = client.call(("x:QueuedMessage/query", {}))
        except TROUBLE:
            continue
        return f" ({len(answer['ids'])} mails wait in the queue)" if answer["ids"] else ""
    return ""


run(main)
