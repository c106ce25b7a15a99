"""What people do with their mail and their stack, in tests of the lab."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from email.message import EmailMessage

from lib.mailbox import Mailbox

from .conftest import ROOT, Lab


def administrator(lab: Lab) -> Mailbox:
    """Somebody with mail."""
    admin = lab.outputs()["admin"]
    return Mailbox(admin["login"], admin["password"])


def probe(lab: Lab) -> Mailbox:
    """The account that no limit of mails per hour holds back."""
    _, _, domain = administrator(lab).login.partition("@")
    return Mailbox(f"cluster-probe@{domain}", lab.secret("result", "mail-probe-password"))


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
