"""Bring domains to what they shall be, on a mail node that serves; what differs is written, and nothing else.

Signing keys are added here and never taken away or set to sign in place of others: the records come first. What the
stack file asks of them and cannot be had is refused before anything is written.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from os import environ

from lib.console import Failed, run, wait_for
from lib.directory import domains, keys, signing
from lib.directory.keys import Signature
from lib.directory.wish import SERVER, Directory, Domain, parse
from lib.given import given
from lib.stalwart import batch, service
from lib.stalwart.change import Change, update
from lib.stalwart.jmap import Client
from lib.stalwart.listing import every

NODE = environ["NODE"]
DIRECTORY = given("DIRECTORY")
SIGNING_TEXTS = given("SIGNING_TEXTS")
SIGNING_KEYS = given("SIGNING_KEYS")
EARLY = environ["EARLY"]
ADMIN_LOGIN = environ["ADMIN_LOGIN"]
ADMIN_PASSWORD = environ["ADMIN_PASSWORD"]

SERVER_SECONDS = 90

Signatures = Mapping[str, Sequence[Signature]]


def main() -> None:
    directory, texts = parse(DIRECTORY), json.loads(SIGNING_TEXTS)
    client = service.answers(ADMIN_LOGIN, ADMIN_PASSWORD)
    here = every(client, "Domain", domains.PROPERTIES)
    there = signing.read(client, domains.ids(here, directory.names))
    _check(directory, there)
    wanted = [*domains.changes(here, directory.domains), *_managed(here, directory, there)]
    changed = batch.write(client, wanted, about="domains")
    if changed:
        here = every(client, "Domain", domains.PROPERTIES)
    ids = domains.ids(here, directory.names)
    server_made = [domain for domain in directory.domains if SERVER in domain.keys]
    if server_made:
        there = wait_for(
            SERVER_SECONDS, "the signing keys that the mail server makes", lambda: _made(client, ids, server_made)
        )
        changed += batch.write(client, _managed(here, directory, there), about="domains")
    changed += _add(client, directory, ids, signing.read(client, ids) if changed else there, texts)
    told = {domain.name: _told(there[domain.name]) for domain in server_made}
    print(json.dumps({"dkim": told, "changed": changed}, sort_keys=True))


def _check(directory: Directory, there: Signatures) -> None:
    now, early = datetime.now(UTC), bool(EARLY)
    refused = [
        reason
        for domain in directory.domains
        for reason in keys.refusals(domain, there.get(domain.name, ()), now, early=early)
    ]
    if refused:
        raise Failed("; ".join(refused), "docs/mail.md, Signing keys, has the way from one key to another")


def _managed(here: domains.Here, directory: Directory, there: Signatures) -> list[Change]:
    """Who makes keys, for domains that the server has already."""
    found = {item["name"].lower(): item for item in here}
    changes = []
    for domain in directory.domains:
        wanted = keys.management(domain, there.get(domain.name, ()))
        if domain.name in found and wanted and found[domain.name]["dkimManagement"]["@type"] != wanted:
            by = {"dkimManagement": {"@type": wanted}}
            what = f"domain {domain.name}: who makes signing keys"
            changes.append(Change(what, update("Domain", found[domain.name]["id"], by)))
    return changes


def _made(client: Client, ids: Mapping[str, str], wanted: Sequence[Domain]) -> dict[str, list[Signature]] | None:
    """All keys, once the server has made a pair for each domain that asks it to."""
    there = signing.read(client, ids)
    pairs = ({one.kind for one in there[domain.name] if one.key == SERVER} for domain in wanted)
    return there if all(pair == {"rsa", "ed25519"} for pair in pairs) else None


def _add(
    client: Client, directory: Directory, ids: Mapping[str, str], there: Signatures, texts: signing.Keys
) -> list[str]:
    private: signing.Keys = json.loads(SIGNING_KEYS)
    changes: list[Change] = []
    secrets: dict[str, str] = {}
    for domain in directory.domains:
        wanted = texts.get(domain.name, {})
        for selector, change in keys.additions(domain, ids[domain.name], there[domain.name], wanted):
            changes.append(change)
            secrets[change.what] = private[domain.name][selector]
    return signing.write(client, changes, secrets)


def _told(there: Sequence[Signature]) -> list[list[str]]:
    """Selector and text of the record of each key that the server made, the newest of each kind, in their order."""
    newest = {one.kind: one for one in there if one.key == SERVER}
    return [[one.selector, one.text] for _, one in sorted(newest.items())]


run(main)
