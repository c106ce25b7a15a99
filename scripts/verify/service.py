"""What mail programs rely on, tried on every node from this one: IDLE, Sieve, JMAP, and how they set themselves up."""

import imaplib
import json
import secrets
import smtplib
import ssl
import time
from email.message import EmailMessage
from os import environ
from typing import Any

from lib import mailbox
from lib.console import POLL_SECONDS, run
from lib.mailbox import SECONDS, Mailbox, unchecked
from lib.stalwart.jmap import Client
from lib.verify import by_jmap, setup, web
from lib.verify.check import Told, Wrong, each, made, tell
from lib.verify.folders import filed
from lib.verify.idle import latency
from lib.verify.sieve import ManageSieve

NODE = environ["NODE"]
# Node name -> address.
NODES: dict[str, str] = json.loads(environ["NODES"])
PROBE = Mailbox(environ["PROBE_LOGIN"], environ["PROBE_PASSWORD"])
# Address -> password, one per domain that is tried.
ACCOUNTS: dict[str, str] = json.loads(environ["ACCOUNTS"])
HOSTNAME = environ["HOSTNAME_OF_SERVICE"]
DOMAINS: list[str] = json.loads(environ["DOMAINS"])
# Domain that announces an MTA-STS policy -> the exchangers that the policy must name.
ANNOUNCED: dict[str, list[str]] = json.loads(environ["ANNOUNCED"])
SUBMISSION = environ["SUBMISSION"] == "true"

SUBJECT = "stalwart-cluster verify"
_READ_SECONDS = 45
_OK = 200
# TLS begins there after a greeting; on all others with the first byte.
_STARTTLS_PORT = 587


def main() -> None:
    checks = [
        made("imap-idle", idle),
        made("sieve", sieve),
        made("jmap", jmap),
        made("autoconfig", autoconfig),
        made("autodiscover", autodiscover),
        made("well-known-jmap", well_known),
        made("mta-sts", mta_sts),
    ]
    if SUBMISSION:
        checks.append(made("submission", submission))
    else:
        checks.append(_not_made("submission", "port 587 is closed by the stack file (mail.submission)"))
    clean_up()
    tell(checks)


def _not_made(name: str, why: str) -> Told:
    return {"name": name, "result": "not made", "seconds": 0.0, "detail": why}


def around() -> list[tuple[str, str]]:
    """Each node, and the node before it in a ring."""
    names = list(NODES)
    return list(zip(names, names[-1:] + names[:-1], strict=True))


def idle() -> str:
    """By the probe, whose mails no limit counts. One after the other: each would be told of the others' mail."""
    seconds: dict[str, float] = {}
    wrong = []
    for reader, sender in around():
        try:
            seconds[f"{sender} to {reader}"] = latency(
                NODES[reader], NODES[sender], PROBE, message(PROBE, PROBE.login, "idle")
            )
        except (OSError, imaplib.IMAP4.error, smtplib.SMTPException) as trouble:
            wrong.append(f"who idles on {reader} while a mail comes in on {sender}: {trouble}")
    if wrong:
        raise Wrong("; ".join(wrong))
    slowest = max(seconds, key=lambda pair: seconds[pair])
    return f"slowest {seconds[slowest]:.2f} s ({slowest}) of {len(seconds)} pairs"


def sieve() -> str:
    """A script put on one node files what comes in on the next; seen on a third."""
    login, password = next(iter(ACCOUNTS.items()))
    who = Mailbox(login, password)
    names = list(NODES)
    putting, taking, reading = names[0], names[1 % len(names)], names[2 % len(names)]
    token, folder = secrets.token_hex(6), f"Verify {secrets.token_hex(3)}"
    condition = f'if header :contains "Subject" "{token}"'
    script = f'require ["fileinto", "mailbox"];\r\n{condition} {{ fileinto :create "{folder}"; }}\r\n'
    with ManageSieve(NODES[putting], who) as session:
        session.put("verify", script)
        tls = session.tls
    mailbox.hand_in(NODES[taking], who, [message(who, who.login, f"sieve {token}")])
    where = {found.folder for found in read(reading, who, token)}
    with ManageSieve(NODES[putting], who) as session:
        session.remove("verify")
    if where != {folder}:
        raise Wrong(f"the mail lies in {', '.join(sorted(where))} instead of {folder}")
    return f"put on {putting} ({tls}), came in on {taking}, filed as seen on {reading}"


def jmap() -> str:
    """Written and sent on each node by JMAP, read on the next one by JMAP."""
    sender = Mailbox(*next(iter(ACCOUNTS.items())))
    reader = Mailbox(*list(ACCOUNTS.items())[-1])

    def one(pair: tuple[str, str]) -> float:
        node, other = pair[1], pair[0]
        subject = f"{SUBJECT} jmap {secrets.token_hex(6)}"
        client = Client(f"https://{NODES[node]}:443", sender.login, sender.password, SECONDS)
        by_jmap.send(client, sender.login, reader.login, subject)
        sent = time.monotonic()
        while subject not in mailbox.subjects_by_jmap(NODES[other], reader):
            if time.monotonic() - sent > _READ_SECONDS:
                raise Wrong(f"what was sent on {node} cannot be read on {other} within {_READ_SECONDS} s")
            time.sleep(POLL_SECONDS)
        return time.monotonic() - sent

    seconds = each(one, around())
    return f"sent on each of {len(seconds)} nodes and read on another, slowest {max(seconds):.2f} s"


def autoconfig() -> str:
    def one(where: tuple[str, str]) -> set[tuple[str, str, int]]:
        node, domain = where
        address = f"somebody@{domain}"
        status, _, text = web.ask(NODES[node], f"autoconfig.{domain}", f"/mail/config-v1.1.xml?emailaddress={address}")
        return setup.judge(setup.autoconfig, status, text, f"{node} for {domain}", HOSTNAME)

    return offered(each(one, everywhere()))


def autodiscover() -> str:
    def one(where: tuple[str, str]) -> set[tuple[str, str, int]]:
        node, domain = where
        body = setup.AUTODISCOVER.format(address=f"somebody@{domain}")
        status, _, text = web.ask(NODES[node], f"autodiscover.{domain}", "/autodiscover/autodiscover.xml", body)
        return setup.judge(setup.autodiscover, status, text, f"{node} for {domain}", HOSTNAME)

    return offered(each(one, everywhere()))


def everywhere() -> list[tuple[str, str]]:
    return [(node, domain) for node in NODES for domain in DOMAINS]


def offered(found: list[set[tuple[str, str, int]]]) -> str:
    """What programs are told must be there: each port that is named speaks TLS on every node."""
    named = sorted(set().union(*found))
    ports = sorted({port for _, _, port in named})
    each(speaks_tls, [(node, port) for node in NODES for port in ports])
    shown = ", ".join(f"{kind} {host}:{port}" for kind, host, port in named)
    return f"{len(found)} answers name {shown}; all are open"


def speaks_tls(where: tuple[str, int]) -> str:
    node, port = where
    try:
        if port == _STARTTLS_PORT:
            with smtplib.SMTP(NODES[node], port, timeout=SECONDS) as session:
                session.starttls(context=unchecked())
                return version(session)
        with mailbox.connected(NODES[node], port) as secured:
            return secured.version() or ""
    except (OSError, smtplib.SMTPException) as trouble:
        raise Wrong(f"programs are told of port {port}, and {node} does not serve it: {trouble}") from None


def version(session: smtplib.SMTP) -> str:
    """Of the TLS that a session speaks by now."""
    return str(session.sock.version()) if isinstance(session.sock, ssl.SSLSocket) else ""


def well_known() -> str:
    def one(where: tuple[str, str]) -> str:
        node, domain = where
        status, headers, _ = web.ask(NODES[node], domain, "/.well-known/jmap")
        place = headers.get("location", "")
        if status not in {301, 302, 307, 308} or not place.endswith("/jmap/session"):
            raise Wrong(f"{node} answers {status} {place} for {domain}")
        return place

    return f"every node leads to {' '.join(sorted(set(each(one, everywhere()))))}"


def mta_sts() -> str:
    """The policy by which senders know that mail may come in with TLS only."""

    def one(where: tuple[str, str]) -> str:
        node, domain = where
        status, headers, text = web.ask(NODES[node], f"mta-sts.{domain}", "/.well-known/mta-sts.txt")
        if domain not in ANNOUNCED:
            return f"{domain} announces none"
        if status != _OK or not headers.get("content-type", "").startswith("text/plain"):
            raise Wrong(f"{node} answers {status} {headers.get('content-type', '')} for {domain}")
        return setup.mta_sts(text, ANNOUNCED[domain], f"{node} for {domain}")

    return "; ".join(sorted(set(each(one, everywhere()))))


def submission() -> str:
    """Port 587: no login in clear, TLS after STARTTLS, and a mail that arrives."""
    who = Mailbox(*next(iter(ACCOUNTS.items())))

    def one(node: str) -> str:
        token = secrets.token_hex(6)
        with smtplib.SMTP(NODES[node], _STARTTLS_PORT, timeout=SECONDS) as session:
            session.ehlo()
            if "auth" in session.esmtp_features and "PLAIN" in session.esmtp_features["auth"].upper():
                raise Wrong(f"{node} offers a login by password in clear on 587")
            session.starttls(context=unchecked())
            session.login(who.login, who.password)
            session.send_message(message(who, who.login, f"submission {token}"))
            spoken = version(session)
        read(node, who, token)
        return spoken

    return f"{', '.join(sorted(set(each(one, list(NODES)))))} on {len(NODES)} nodes"


def message(who: Mailbox, recipient: str, what: str) -> EmailMessage:
    text = "Sent by the verification of stalwart-cluster. It is removed once it was read.\n"
    return mailbox.compose(who.login, recipient, f"{SUBJECT} {what}", text)


def read(node: str, who: Mailbox, token: str) -> list[Any]:
    """The mails with a token in their subject, once there is one."""
    end = time.monotonic() + _READ_SECONDS
    while True:
        if found := [mail for mail in filed(NODES[node], who) if token in mail.subject]:
            return found
        if time.monotonic() > end:
            raise Wrong(f"a mail that was taken cannot be read on {node} within {_READ_SECONDS} s")
        time.sleep(POLL_SECONDS)


def clean_up() -> None:
    """The probe's mails; the other accounts go whole."""
    for address in NODES.values():
        try:
            mailbox.remove(address, PROBE, SUBJECT)
        except (OSError, imaplib.IMAP4.error):
            continue
        return


run(main)
