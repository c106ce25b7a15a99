"""Bring accounts, groups and lists to what they shall be, on a mail node that serves; nobody else's are touched.

A password is set when an account is made; afterwards only by another number in the stack file.
"""

import json
from os import environ

from lib.accounts.apply import apply
from lib.accounts.wish import parse
from lib.console import run
from lib.given import given
from lib.stalwart import service

NODE = environ["NODE"]
ACCOUNTS = given("ACCOUNTS")
HASHES = given("HASHES")
ADMIN_LOGIN = environ["ADMIN_LOGIN"]
ADMIN_PASSWORD = environ["ADMIN_PASSWORD"]


def main() -> None:
    client = service.answers(ADMIN_LOGIN, ADMIN_PASSWORD)
    print(json.dumps(apply(client, parse(ACCOUNTS), json.loads(HASHES)), sort_keys=True))


run(main)
