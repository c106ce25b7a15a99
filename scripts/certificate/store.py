"""Store the stack's certificate in the mail cluster, where all nodes have it, and see that it is shown.

Replaced in place: nothing restarts. One that is there already is not written again. Where a public authority is asked,
it stands in until that has issued for every domain.
"""

import json
from os import environ

from lib.certificate.keep import Own, keep
from lib.certificate.shown import fingerprint, first_of, shown
from lib.console import run, wait_for
from lib.given import given
from lib.stalwart import service

NODE = environ["NODE"]
ADMIN_LOGIN = environ["ADMIN_LOGIN"]
ADMIN_PASSWORD = environ["ADMIN_PASSWORD"]
SERVICE_NAME = environ["SERVICE_NAME"]
# Domain -> the names of its certificate.
NAMES: dict[str, list[str]] = json.loads(given("NAMES"))
# Name of the stack's own authority.
PRIVATE_AUTHORITY = environ["PRIVATE_AUTHORITY"]
# ACME directory of the public authority; empty where none is asked.
ACME_DIRECTORY = environ["ACME_DIRECTORY"]
CHAIN = given("CHAIN").strip()
CERTIFICATE_KEY = environ["CERTIFICATE_KEY"]

_HTTPS = ("127.0.0.1", 443)
_SHOWN_SECONDS = 30


def main() -> None:
    client = service.answers(ADMIN_LOGIN, ADMIN_PASSWORD)
    found = keep(client, Own(CHAIN, CERTIFICATE_KEY, PRIVATE_AUTHORITY), NAMES, ACME_DIRECTORY)
    certificate = {}
    if found.certificate:
        wanted = first_of(CHAIN)
        certificate = {"not_valid_after": found.certificate.end, "sha256": fingerprint(wanted)}
    if found.is_default:
        # An authority may have issued for the service's name already.
        name = None if ACME_DIRECTORY else SERVICE_NAME
        wait_for(_SHOWN_SECONDS, "the mail server to show the certificate", lambda: shown(_HTTPS, name) == wanted)
    print(json.dumps({"certificate": certificate, "changed": found.changed}, sort_keys=True))


run(main)
