"""The accounts of a verification: one per domain, made for it and removed with all that came to it.

Each has a name of its own, by which no limit of mails per hour counts from one verification to the next. What one that
was interrupted left behind goes too, once it is an hour old.
"""

import json
import re
import time
from collections.abc import Mapping
from functools import partial
from os import environ
from typing import Any

from lib.console import Failed, log, run, wait_for
from lib.directory import domains
from lib.mailbox import Mailbox
from lib.stalwart import service
from lib.stalwart.accounts import account
from lib.stalwart.jmap import Client, Refused, Unauthorized, Unreachable
from lib.stalwart.listing import every
from lib.verify.check import made, tell

NODE = environ["NODE"]
LOGIN = environ["ADMIN_LOGIN"]
ADMIN_PASSWORD = environ["ADMIN_PASSWORD"]
# Node name -> address.
NODES: dict[str, str] = json.loads(environ["NODES"])
# Address -> password; none: only remove.
ACCOUNTS: dict[str, str] = json.loads(environ["ACCOUNTS"])
# The one that ends, "" when one begins.
ENDED = environ["ENDED"]

# The time at which it was made, in hexadecimal seconds of the epoch, and something that nobody can guess.
NAME = re.compile(r"verify-([0-9a-f]{8})-[0-9a-f]{12}")
DESCRIPTION = "Verifies delivery; removed at the end"
_OLD_SECONDS = 3600
_SEEN_SECONDS = 20


def main() -> None:
    client = Client(service.API, LOGIN, ADMIN_PASSWORD)
    if ENDED:
        tell([made("left", lambda: removed(client))])
        return
    removed(client)
    known = domains.ids(every(client, "Domain", ("id", "name")))
    for address, password in ACCOUNTS.items():
        create(client, known, address, password)
    for address, password in ACCOUNTS.items():
        for node in NODES.values():
            wait_for(_SEEN_SECONDS, f"{address} to be known at {node}", partial(knows, node, address, password))
    tell([])


def create(client: Client, known: Mapping[str, str], address: str, password: str) -> None:
    name, _, domain = address.partition("@")
    identity = known.get(domain)
    if identity is None:
        raise Failed(f"the mail server does not know the domain {domain}", "make mend")
    value = account(name, identity, DESCRIPTION, "User", password)
    client.call(("x:Account/set", {"create": {"new": value}}))


def removed(client: Client) -> str:
    """Remove this verification's accounts and old ones, and see that they are gone."""
    gone = [item["id"] for item in ours(client)]
    if gone:
        client.call(("x:Account/set", {"destroy": gone}))
    wait_for(_SEEN_SECONDS, "the accounts to be gone", lambda: not ours(client))
    return f"{len(gone)} accounts and their mail are removed"


def ours(client: Client) -> list[dict[str, Any]]:
    there = every(client, "Account", ("id", "name", "description"))
    return [item for item in there if is_ours(item, ENDED, time.time())]


def is_ours(account: dict[str, Any], ended: str, now: float) -> bool:
    """Whether an account is of the verification that ends, or of one interrupted long ago. A person's never is."""
    found = NAME.fullmatch(str(account["name"]))
    if found is None or account.get("description") != DESCRIPTION:
        return False
    return (bool(ended) and account["name"].startswith(ended)) or now - int(found[1], 16) > _OLD_SECONDS


def knows(node: str, address: str, password: str) -> bool:
    mailbox = Mailbox(address, password)
    try:
        Client(f"https://{node}:443", mailbox.login, mailbox.password, 10).session()
    except (Unauthorized, Unreachable, Refused) as trouble:
        log(f"note: {trouble}")
        return False
    return True


run(main)
