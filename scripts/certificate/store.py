"""Store the stack's certificate in the mail cluster, where all nodes have it, and see that it is shown.

Replaced in place: nothing restarts. One that is there already is not written again. Where a public authority is asked,
it stands in until that has issued for every domain.
"""

import json
from os import environ

from lib.certificate.keep import Own, is_shown, keep
from lib.certificate.shown import fingerprint, first_of
from lib.console import run, wait_for
from lib.given import given
from lib.stalwart import service

NODE = environ["NODE"]
ADMIN_LOGIN = environ["ADMIN_LOGIN"]
ADMIN_PASSWORD = environ["ADMIN_PASSWORD"]
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
    own = Own(CHAIN, CERTIFICATE_KEY, PRIVATE_AUTHORITY)
    found = keep(client, own, NAMES, ACME_DIRECTORY)
    certificate = {}
    if found.certificate:
        certificate = {"not_valid_after": found.certificate.end, "sha256": fingerprint(first_of(CHAIN))}
    if found.is_default:
        # To who names none: for a name somebody else's may last longer.
        wait_for(
            _SHOWN_SECONDS,
            "the mail server to show the certificate; is its clock right?",
            lambda: is_shown(client, own, _HTTPS),
            pause=1.0,
        )
    print(json.dumps({"certificate": certificate, "changed": found.changed}, sort_keys=True))


run(main)
