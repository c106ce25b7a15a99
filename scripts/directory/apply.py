"""Bring domains to what they shall be, on a mail node that serves; what differs is written, and nothing else."""

import json
from os import environ

from lib.console import run, wait_for
from lib.directory import domains, signing
from lib.directory.wish import parse
from lib.stalwart import service
from lib.stalwart.change import write

NODE = environ["NODE"]
DIRECTORY = environ["DIRECTORY"]
ADMIN_LOGIN = environ["ADMIN_LOGIN"]
ADMIN_PASSWORD = environ["ADMIN_PASSWORD"]

SIGNING_SECONDS = 90


def main() -> None:
    directory = parse(DIRECTORY)
    client = service.answers(ADMIN_LOGIN, ADMIN_PASSWORD)
    (answer,) = client.call(domains.LOOK)
    changed = write(client, list(domains.changes(answer["list"], directory.domains)))
    if changed:
        (answer,) = client.call(domains.LOOK)
    ids = {name: identity for name, identity in domains.ids(answer["list"]).items() if name in directory.names}
    wait_for(SIGNING_SECONDS, "the signing keys of every domain", lambda: signing.is_ready(client, ids))
    print(json.dumps({"dkim": signing.records(client, ids), "changed": changed}, sort_keys=True))


run(main)
