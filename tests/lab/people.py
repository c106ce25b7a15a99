"""What people do with their mail and their stack, in tests of the lab."""

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from email.message import EmailMessage

from lib.mailbox import Mailbox
from lib.stalwart.jmap import Client

from .conftest import ROOT, Lab


def administrator(lab: Lab) -> Mailbox:
    """Somebody with mail."""
    admin = lab.outputs()["admin"]
    return Mailbox(admin["login"], admin["password"])


def busy(lab: Lab, node: str, name: str = "busy") -> Mailbox:
    """Somebody who gets mail without end: an account of its own, and no limit of mails per hour.

    Not the probe: among thousands of other mails the proof would not find its own.
    """
    admin = administrator(lab)
    _, _, domain = admin.login.partition("@")
    made = Mailbox(f"{name}@{domain}", secrets.token_hex(16))
    client = Client(f"https://{node}:443", admin.login, admin.password)
    domains, limits, accounts = client.call(
        ("x:Domain/get", {"ids": None, "properties": ["id", "name"]}),
        ("x:MtaInboundThrottle/get", {"ids": None}),
        ("x:Account/get", {"ids": None}),
    )
    account = {
        "@type": "User",
        "name": name,
        "domainId": next(item["id"] for item in domains["list"] if item["name"] == domain),
        "roles": {"@type": "User"},
        "credentials": {"0": {"@type": "Password", "secret": made.password}},
    }
    there = [item["id"] for item in accounts["list"] if item["name"] == name]
    hourly = [item["id"] for item in limits["list"] if set(item["key"]) == {"senderDomain", "rcpt"}]
    client.call(
        ("x:Account/set", {"update": {there[0]: {"credentials/0/secret": made.password}}})
        if there
        else ("x:Account/set", {"create": {"new": account}}),
        ("x:MtaInboundThrottle/set", {"update": {limit: {"enable": False} for limit in hourly}}),
        ("x:Action/set", {"create": {"reload": {"@type": "ReloadSettings"}}}),
    )
    return made


def mail(person: Mailbox, subject: str) -> EmailMessage:
    """A message to oneself."""
    message = EmailMessage()
    message["From"] = message["To"] = person.login
    message["Subject"] = subject
    message.set_content(subject)
    return message


def status(lab: Lab, *arguments: str) -> tuple[int, str]:
    """What `make status` says of a stack: its exit code and its text."""
    exported = json.dumps({"deployment": lab.stack.export_stack().deployment})
    line = [sys.executable, "-m", "tools.status", *arguments]
    done = subprocess.run(line, input=exported, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)
    return done.returncode, done.stdout + done.stderr


def until(condition: Callable[[], bool], what: str, seconds: float = 30, pause: float = 0.2) -> None:
    """Poll until it holds, and fail with what was waited for."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"gave up waiting for {what}"
        time.sleep(pause)
