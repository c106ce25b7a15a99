"""What domains and accounts cost: seconds and requests of the steps that make them, and of the same again.

Against the stand-in in this process; or against a mail server that runs, by `python -m benchmarks.directory URL LOGIN`
with its password on standard input. What is made there stays.
"""

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from lib.accounts.apply import apply
from lib.accounts.wish import parse
from lib.directory import domains
from lib.directory.wish import Domain
from lib.stalwart import batch
from lib.stalwart.jmap import Answer, Client
from lib.stalwart.listing import every

from components.accounts import passwords, wish
from components.settings import check
from tests.standins.stalwart import jmap
from tests.standins.stalwart.memory import MemoryStore
from tests.standins.stalwart.node import Node

DOMAINS, ACCOUNTS = (1, 10, 100), (10, 1000)
_ADMINISTRATOR = {"id": "d333333", "name": "recovery", "roles": {"@type": "Admin"}}
_SEED = "benchmark"


class Counting(Client):
    """Counts its requests."""

    requests = 0

    def _exchange(self, verb: str, path: str, body: Any) -> Answer:  # noqa: ANN401  # any JSON
        self.requests += 1
        return super()._exchange(verb, path, body)


class InProcess(Counting):
    """Speaks to the stand-in without a wire."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1", "", "")
        self._node = Node(MemoryStore())  # type: ignore[arg-type]  # a part of a store is enough
        self._node.registry.insert_defaults()
        self._node.reload()

    def _exchange(self, verb: str, path: str, body: Any) -> Answer:  # noqa: ANN401, ARG002  # as what it stands in for
        self.requests += 1
        return jmap.respond(self._node, _ADMINISTRATOR, json.loads(json.dumps(body)))


def measure(client: Callable[[], Counting]) -> dict[str, Any]:
    """Seconds and requests, the first time and unchanged, by the number of domains and of accounts."""
    found: dict[str, Any] = {}
    for number in DOMAINS:
        names = [f"d{index}.bench.test" for index in range(number)]
        found[f"domains_{number}"] = _twice(client(), partial(make_domains, names=names))
    for number in ACCOUNTS:
        one = client()
        make_domains(one, ["d0.bench.test"])
        addresses = [f"p{index}@d0.bench.test" for index in range(number)]
        found[f"accounts_{number}"] = _twice(one, partial(make_accounts, addresses=addresses))
    return found


def make_domains(client: Client, names: list[str]) -> None:
    """As scripts/directory/apply.py does it, without signing keys."""
    here = every(client, "Domain", domains.PROPERTIES)
    batch.write(client, list(domains.changes(here, [Domain(name) for name in names])), about="domains")


def make_accounts(client: Client, addresses: list[str]) -> None:
    """As scripts/accounts/apply.py does it."""
    accounts: dict[str, Any] = {address: {"name": address} for address in addresses}
    stack = {"platform": "lab", "nodes": {"mx1": {}}, "domains": {"d0.bench.test": {}}, "accounts": accounts}
    hashes = {address: passwords.hashed(_SEED, address, 1) for address in addresses}
    apply(client, parse(wish.document(check(stack))), hashes)


def _twice(client: Counting, work: Callable[[Client], None]) -> dict[str, float]:
    found: dict[str, float] = {}
    for when in ("first", "unchanged"):
        before, began = client.requests, time.monotonic()
        work(client)
        found[f"{when}_seconds"] = round(time.monotonic() - began, 2)
        found[f"{when}_requests"] = client.requests - before
    return found


if __name__ == "__main__":
    url, login = sys.argv[1:]
    secret = sys.stdin.readline().rstrip("\n")
    print(json.dumps(measure(lambda: Counting(url, login, secret, 120)), indent=2))
