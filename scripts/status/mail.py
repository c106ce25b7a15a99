"""What the mail cluster is like now, asked of this node's server: one JSON document. Reads only.

`trouble` says why it could not be asked; then nothing else is there.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime
from os import environ
from typing import Any

from lib.accounts import held as accounts
from lib.accounts import record
from lib.accounts.state import state
from lib.accounts.wish import Wish as People
from lib.accounts.wish import parse as parse_accounts
from lib.console import run
from lib.directory import domains, keys, signing
from lib.directory.wish import Directory
from lib.directory.wish import parse as parse_directory
from lib.given import given
from lib.stalwart import plan, queue, service
from lib.stalwart.jmap import Client, Refused, Unauthorized, Unreachable
from lib.stalwart.listing import every
from lib.stalwart.state import State
from lib.stalwart.wish import Wish, parse

NODE = environ["NODE"]
WISH = environ["WISH"]
DIRECTORY = given("DIRECTORY")
SIGNING_TEXTS = given("SIGNING_TEXTS")
ACCOUNTS = given("ACCOUNTS")
ADMIN_PASSWORD = environ["ADMIN_PASSWORD"]

_SECONDS = 6


def main() -> None:
    wish, directory, people = parse(WISH), parse_directory(DIRECTORY), parse_accounts(ACCOUNTS)
    try:
        client = Client(service.API, wish.admin_login, ADMIN_PASSWORD, _SECONDS, patience=0)
        document = {**look(client, wish, directory), "accounts": look_at_accounts(client, people)}
    except Unauthorized:
        document = {"trouble": f"the stack's password of {wish.admin_login} is not accepted", "login": False}
    except (Unreachable, Refused) as error:
        document = {"trouble": str(error), "login": None}
    print(json.dumps(document, sort_keys=True))


def look(client: Client, wish: Wish, directory: Directory) -> dict[str, Any]:
    now = plan.read(client)
    (nodes,) = client.call(("x:ClusterNode/get", {"ids": None}))
    held = every(client, "Domain", domains.PROPERTIES)
    here = domains.ids(held)
    known = [domain for domain in directory.domains if domain.name in here]
    there = signing.read(client, domains.ids(held, directory.names))
    texts = json.loads(SIGNING_TEXTS)
    return {
        "missing_domains": [name for name in directory.names if name not in here],
        "settings": [
            # The other settings name the default domain.
            *(different(now, wish) if wish.domain in here else []),
            *(change.what for change in domains.changes(held, known)),
        ],
        "signing": [
            text
            for domain in known
            for text in keys.differences(domain, there[domain.name], texts.get(domain.name, {}))
        ],
        "nodes": [
            {key: node[key] for key in ("nodeId", "hostname", "status", "lastRenewal")} for node in nodes["list"]
        ],
        "queue": queue.summary(client.call(*queue.look()), datetime.now(UTC)),
    }


def look_at_accounts(client: Client, people: People) -> dict[str, Any]:
    entries = record.read(client).entries
    return state(accounts.look(client, {*entries, *people.names}), people, entries)


def different(now: State, wish: Wish) -> list[str]:
    """The settings that differ. Where web page and lists could not be fetched, the server may go without them."""
    fetching, without = (
        [change.what for change in plan.changes(now, replace(wish, downloads=downloads))] for downloads in (True, False)
    )
    return [what for what in fetching if what in without] if wish.downloads else without


run(main)
