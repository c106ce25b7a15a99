"""Have the mail servers ask an authority for certificates (ACME), and see whether it issues them.

Names are proved by TLS on port 443. An authority that has not issued yet is no failure: the names may not lead here
yet, and the mail servers go on asking. Once it has, the stack's own certificate, which stood in, goes.
"""

import json
from os import environ

from lib.certificate import issue
from lib.console import Failed, log, run, wait_for
from lib.given import given
from lib.stalwart import service
from lib.stalwart.jmap import Client, Refused
from lib.stalwart.wish import Wish, parse

NODE = environ["NODE"]
WISH = environ["WISH"]
ADMIN_PASSWORD = environ["ADMIN_PASSWORD"]
ACME_DIRECTORY = environ["ACME_DIRECTORY"]
# Domain -> the names of its certificate.
NAMES: dict[str, list[str]] = json.loads(given("NAMES"))
# Name of the stack's own authority.
PRIVATE_AUTHORITY = environ["PRIVATE_AUTHORITY"]

ISSUE_SECONDS = 120


def main() -> None:
    wish = parse(WISH)
    client = service.answers(wish.admin_login, ADMIN_PASSWORD)
    issue.ask(client, ACME_DIRECTORY, account(client, wish), NAMES)
    try:
        found = wait_for(ISSUE_SECONDS, f"{ACME_DIRECTORY} to issue", lambda: issue.issued(client, NAMES))
    except Failed:
        log("note: not issued yet; do all names lead to the cluster, and does port 443? It is asked again by itself")
        print(json.dumps({"source": ACME_DIRECTORY, "issued": False}, sort_keys=True))
        return
    issue.take_over(client, found[wish.domain], PRIVATE_AUTHORITY)
    end = min(one.end for one in found.values())
    print(json.dumps({"source": ACME_DIRECTORY, "issued": True, "not_valid_after": end}, sort_keys=True))


def account(client: Client, wish: Wish) -> str:
    """The id of the account at the authority, which is made where there is none: that asks the authority at once."""
    (answer,) = client.call(("x:AcmeProvider/get", {"ids": None}))
    for provider in answer["list"]:
        if provider["directory"] == ACME_DIRECTORY:
            return str(provider["id"])
    log(f"account at {ACME_DIRECTORY}")
    contact = {f"postmaster@{wish.domain}": True}
    value = {"directory": ACME_DIRECTORY, "challengeType": "TlsAlpn01", "contact": contact}
    try:
        (made,) = client.call(("x:AcmeProvider/set", {"create": {"new": value}}))
    except Refused as refusal:
        raise Failed(
            f"{ACME_DIRECTORY} gave no account: {refusal}", "can this host reach it? Then run the same command again"
        ) from None
    # Whether challenges are answered is settled when the settings are loaded.
    client.call(("x:Action/set", {"create": {"r": {"@type": "ReloadSettings"}}}))
    return str(made["created"]["new"]["id"])


run(main)
