"""A forged mail that was taken: it must be marked as such, where people and their programs see it."""

import json
import re
from os import environ

from lib.console import run, within
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
    who = Mailbox(LOGIN, PASSWORD)
    found = within(_SECONDS, lambda: [mail for mail in filed(ADDRESS, who) if mail.subject == SUBJECT])
    if not found:
        return "taken and thrown away"
    (mail,) = found
    marks = re.findall(r"\b(?:spf|dmarc)=(?:fail|softfail)\b", mail.authentication)
    if "dmarc=fail" not in marks and mail.folder == "INBOX":
        raise Wrong(f"it lies in the inbox as any other: {mail.authentication or 'nothing is written down'}")
    return f"taken, in {mail.folder}, marked {' '.join(marks) or 'by its folder'}"


run(main)
