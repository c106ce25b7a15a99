"""Have the mail servers ask an authority for certificates (ACME), and see whether it issues them.

Names are proved by TLS on port 443. An authority that has not issued yet is no failure: the names may not lead here
yet, and the mail servers go on asking.
"""

import json
from os import environ
from typing import Any

from lib.console import Failed, log, run, wait_for
from lib.stalwart import service
from lib.stalwart.jmap import Client, Refused
from lib.stalwart.wish import Wish, parse

NODE = environ["NODE"]
WISH = environ["WISH"]
ADMIN_PASSWORD = environ["ADMIN_PASSWORD"]
DIRECTORY = environ["DIRECTORY"]
# Domain -> the names of its certificate.
NAMES: dict[str, list[str]] = json.loads(environ["NAMES"])

ISSUE_SECONDS = 120


def main() -> None:
    wish = parse(WISH)
    client = service.answers(wish.admin_login, ADMIN_PASSWORD)
    provider = account(client, wish)
    ask(client, provider)
    try:
        found = wait_for(ISSUE_SECONDS, f"{DIRECTORY} to issue", lambda: issued(client))
    except Failed:
        log("note: not issued yet; do all names lead to the cluster, and does port 443? It is asked again by itself")
        found = {"issued": False}
    print(json.dumps({"source": DIRECTORY, **found}, sort_keys=True))


def account(client: Client, wish: Wish) -> str:
    """The id of the account at the authority, which is made where there is none: that asks the authority at once."""
    (answer,) = client.call(("x:AcmeProvider/get", {"ids": None}))
    for provider in answer["list"]:
        if provider["directory"] == DIRECTORY:
            return str(provider["id"])
    log(f"account at {DIRECTORY}")
    contact = {f"postmaster@{wish.domain}": True}
    value = {"directory": DIRECTORY, "challengeType": "TlsAlpn01", "contact": contact}
    try:
        (made,) = client.call(("x:AcmeProvider/set", {"create": {"new": value}}))
    except Refused as refusal:
        raise Failed(
            f"{DIRECTORY} gave no account: {refusal}", "can this host reach it? Then run the same command again"
        ) from None
    # Whether challenges are answered is settled when the settings are loaded.
    client.call(("x:Action/set", {"create": {"r": {"@type": "ReloadSettings"}}}))
    return str(made["created"]["new"]["id"])


def ask(client: Client, provider: str) -> None:
    """Set where each domain has its certificate from, where that differs."""
    (answer,) = client.call(("x:Domain/get", {"ids": None, "properties": ["id", "name", "certificateManagement"]}))
    for domain in answer["list"]:
        names = NAMES.get(domain["name"].lower())
        if names is None:
            continue
        wanted = {
            "@type": "Automatic",
            "acmeProviderId": provider,
            "subjectAlternativeNames": dict.fromkeys(names, True),
        }
        here = domain["certificateManagement"]
        if any(here.get(key) != value for key, value in wanted.items()):
            log(f"certificate of {domain['name']}: {len(names)} names")
            client.call(("x:Domain/set", {"update": {domain["id"]: {"certificateManagement": wanted}}}))


def issued(client: Client) -> dict[str, Any] | None:
    """The end of the certificate that ends first, once there is one for every domain."""
    (answer,) = client.call(("x:Certificate/get", {"ids": None}))
    ends = []
    for names in NAMES.values():
        fitting = [one for one in answer["list"] if set(names) <= set(one["subjectAlternativeNames"])]
        if not fitting:
            return None
        ends.append(max(one["notValidAfter"] for one in fitting))
    return {"issued": True, "not_valid_after": min(ends)}


run(main)
