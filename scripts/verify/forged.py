"""A forged mail that was taken: it must be marked as such, where people and their programs see it."""

import json
import re
import time
from os import environ

from lib.console import POLL_SECONDS, run
from lib.mailbox import Mailbox
from lib.verify.check import Wrong, made, tell
from lib.verify.folders import filed

NODE = environ["NODE"]
ADDRESS = environ["ADDRESS"]
LOGIN = environ["LOGIN"]
PASSWORD = environ["PASSWORD"]
SUBJECT = environ["SUBJECT"]
# What the mail server answered: {"code", "text"}.
ANSWER = json.loads(environ["ANSWER"])

_SECONDS = 30
_REFUSED = 400


def main() -> None:
    tell([made("forged", look)])


def look() -> str:
    if not ANSWER["code"]:
        raise Wrong(f"it could not be handed in: {ANSWER['text']}")
    if ANSWER["code"] >= _REFUSED:
        return f"refused: {ANSWER['code']} {ANSWER['text']}"
    end = time.monotonic() + _SECONDS
    while not (found := [mail for mail in filed(ADDRESS, Mailbox(LOGIN, PASSWORD)) if mail.subject == SUBJECT]):
        if time.monotonic() > end:
            return "taken and thrown away"
        time.sleep(POLL_SECONDS)
    (mail,) = found
    marks = re.findall(r"\b(?:spf|dmarc)=(?:fail|softfail)\b", mail.authentication)
    if "dmarc=fail" not in marks and mail.folder == "INBOX":
        raise Wrong(f"it lies in the inbox as any other: {mail.authentication or 'nothing is written down'}")
    return f"taken, in {mail.folder}, marked {' '.join(marks) or 'by its folder'}"


run(main)
