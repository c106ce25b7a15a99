"""The accounts of a verification: one per domain, made for it and removed with all that came to it.

Each has a name of its own, by which no limit of mails per hour counts from one verification to the next. What one that
was interrupted left behind goes too, once it is an hour old.
"""

import json
import re
import time
from functools import partial
from os import environ
from typing import Any

from lib.console import Failed, log, run, wait_for
from lib.mailbox import Mailbox
from lib.stalwart import service
from lib.stalwart.jmap import Client, Refused, Unauthorized, Unreachable
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
    for address, password in ACCOUNTS.items():
        create(client, address, password)
    for address, password in ACCOUNTS.items():
        for node in NODES.values():
            wait_for(_SEEN_SECONDS, f"{address} to be known at {node}", partial(knows, node, address, password))
    tell([])


def create(client: Client, address: str, password: str) -> None:
    name, _, domain = address.partition("@")
    (answer,) = client.call(("x:Domain/get", {"ids": None, "properties": ["id", "name"]}))
    identity = next((item["id"] for item in answer["list"] if item["name"].lower() == domain), None)
    if identity is None:
        raise Failed(f"the mail server does not know the domain {domain}", "make mend")
    value = {
        "@type": "User",
        "name": name,
        "domainId": identity,
        "description": DESCRIPTION,
        "roles": {"@type": "User"},
        "credentials": {"0": {"@type": "Password", "secret": password}},
    }
    client.call(("x:Account/set", {"create": {"new": value}}))


def removed(client: Client) -> str:
    """Remove this verification's accounts and old ones, and see that they are gone."""
    gone = [item["id"] for item in ours(client)]
    if gone:
        client.call(("x:Account/set", {"destroy": gone}))
    wait_for(_SEEN_SECONDS, "the accounts to be gone", lambda: not ours(client))
    return f"{len(gone)} accounts and their mail are removed"


def ours(client: Client) -> list[dict[str, Any]]:
    (answer,) = client.call(("x:Account/get", {"ids": None, "properties": ["id", "name", "description"]}))
    return [item for item in answer["list"] if is_ours(item, ENDED, time.time())]


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
