"""Have the mail servers ask an authority for certificates (ACME), and see whether it issues them.

Only once all names lead to the cluster: an authority counts what fails, and the mail servers wait longer after each
failure. One that has not issued yet is no failure of the run: it says what it waits for, and the next one looks again.
Once it has, the stack's own certificate, which stood in, goes.
"""

import json
from datetime import UTC, datetime
from os import environ

from lib.certificate import asked, challenge, issue, leads, orders
from lib.certificate.challenge import BY_TLS
from lib.certificate.held import Held
from lib.certificate.shown import shown
from lib.console import Failed, log, run, wait_for
from lib.dns.ask import Names
from lib.given import given
from lib.stalwart import service
from lib.stalwart.change import write
from lib.stalwart.jmap import Client
from lib.stalwart.wish import parse

NODE = environ["NODE"]
WISH = environ["WISH"]
ADMIN_PASSWORD = environ["ADMIN_PASSWORD"]
ACME_DIRECTORY = environ["ACME_DIRECTORY"]
# Domain -> the names of its certificate.
NAMES: dict[str, list[str]] = json.loads(given("NAMES"))
# Name of the stack's own authority.
PRIVATE_AUTHORITY = environ["PRIVATE_AUTHORITY"]
# Who takes the records of challenges; empty where names are proved by TLS on port 443.
CHALLENGE = environ["CHALLENGE"]
CHALLENGE_SECRET = environ["CHALLENGE_SECRET"]
# The addresses that the names shall lead to.
ADDRESSES = environ["ADDRESSES"].split()
# Seconds that the world may take to show records.
PATIENCE = environ["PATIENCE"]
# Which look it is: another one runs the step again.
LOOK = environ["LOOK"]

_HTTPS = 443
_SHOWN = 3

# The server says why an order failed only after its third try, 224 seconds later. It works on one domain after the
# other: by records on one name after the other, which is written, waited for and looked at; by TLS on all at once.
_SECONDS, _SECONDS_A_LOOK, _MOST_SECONDS = 240, 20, 900


def main() -> None:
    wish = parse(WISH)
    client = service.answers(wish.admin_login, ADMIN_PASSWORD)
    if not issue.is_settled(client, ACME_DIRECTORY, NAMES) and (astray := _astray()):
        _tell(waits_for=f"these names to lead to the cluster: {astray}")
        return
    _ask(client, f"postmaster@{wish.domain}")
    found, why = _wait(client)
    if not found:
        _tell(waits_for=f"{ACME_DIRECTORY} to issue: {why}")
        return
    issue.take_over(client, found[wish.domain], PRIVATE_AUTHORITY)
    _tell(not_valid_after=min(one.end for one in found.values()))


def _astray() -> str:
    """The names that do not lead here, and why; empty where all do."""
    every_name = sorted({name for names in NAMES.values() for name in names})
    found = leads.astray(every_name, ADDRESSES, Names(), int(PATIENCE), _serves)
    told = [f"{name} ({why})" for name, why in sorted(found.items())]
    return ", ".join(told[:_SHOWN]) + (f" and {len(told) - _SHOWN} more" if len(told) > _SHOWN else "")


def _ask(client: Client, contact: str) -> None:
    """Say how and of whom; and begin again what has failed before."""
    way = challenge.parse(CHALLENGE, CHALLENGE_SECRET)
    domains = asked.read(client)
    challenge.prepare(client, way, domains)
    account = challenge.account(client, ACME_DIRECTORY, way.kind, contact)
    issue.ask(client, ACME_DIRECTORY, account, NAMES)
    if way.kind == BY_TLS:
        challenge.clear(client, domains)
    lacking = issue.lacking(client, NAMES)
    write(client, list(orders.begun_again(orders.read(client, lacking), lacking, datetime.now(UTC))))


def _wait(client: Client) -> tuple[dict[str, Held] | None, str]:
    """What was issued for each domain; else why it was not, as far as the mail server says."""
    looks = sum(map(len, NAMES.values())) if CHALLENGE else len(NAMES)
    seconds = min(_SECONDS + _SECONDS_A_LOOK * looks, _MOST_SECONDS)
    why: dict[str, str] = {}

    def over() -> bool:
        lacking = issue.lacking(client, NAMES)
        found = orders.read(client, lacking)
        why.clear()
        why.update(orders.trouble(found, lacking))
        return orders.all_rest(found, lacking, datetime.now(UTC))

    try:
        wait_for(seconds, f"{ACME_DIRECTORY} to issue", over, pause=2.0)
    except Failed as patience_over:
        log(f"note: {patience_over}")
    told = "; ".join(f"{domain}: {reason}" for domain, reason in sorted(why.items()))
    return issue.issued(client, NAMES), told or "the mail servers go on asking"


def _serves(address: str, name: str) -> bool:
    """Whether an address that is not of the cluster shows what this node shows: then it leads here."""
    here = shown(("127.0.0.1", _HTTPS), name)
    return here is not None and shown((address, _HTTPS), name) == here


def _tell(**what: str) -> None:
    if "waits_for" in what:
        log(f"note: not issued: waiting for {what['waits_for']}; the next run looks again")
    found = {"source": ACME_DIRECTORY, "issued": "waits_for" not in what, "look": int(LOOK), **what}
    print(json.dumps(found, sort_keys=True))


run(main)
