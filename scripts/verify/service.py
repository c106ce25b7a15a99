"""What mail programs rely on, tried on every node from this one: IDLE, Sieve, JMAP, and how they set themselves up."""

import json
from os import environ

from lib.console import run
from lib.mailbox import Mailbox
from lib.verify.asked import Asked
from lib.verify.check import Told, made, tell
from lib.verify.used import Used

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


def main() -> None:
    used = Used(NODES, PROBE, [Mailbox(login, password) for login, password in ACCOUNTS.items()])
    asked = Asked(NODES, DOMAINS, HOSTNAME, ANNOUNCED)
    checks = [
        made("imap-idle", used.idle),
        made("sieve", used.sieve),
        made("jmap", used.jmap),
        made("autoconfig", asked.autoconfig),
        made("autodiscover", asked.autodiscover),
        made("well-known-jmap", asked.well_known),
        made("mta-sts", asked.mta_sts),
    ]
    if SUBMISSION:
        checks.append(made("submission", used.submission))
    else:
        checks.append(_not_made("submission", "port 587 is closed by the stack file (mail.submission)"))
    used.clean_up()
    tell(checks)


def _not_made(name: str, why: str) -> Told:
    return {"name": name, "result": "not made", "seconds": 0.0, "detail": why}


run(main)
