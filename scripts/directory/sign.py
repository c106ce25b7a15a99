"""Let each domain's mail be signed by the key that the stack file puts first, once the world shows its record.

Keys that signed before stay for their days; those that are listed no more and were kept long enough are taken out.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from os import environ
from typing import Any

from lib.console import Failed, log, run
from lib.directory import domains, keys, signing
from lib.directory.shown import unshown
from lib.directory.wish import Domain, parse
from lib.dns.ask import Names
from lib.given import given
from lib.stalwart import service
from lib.stalwart.listing import every

NODE = environ["NODE"]
DIRECTORY = given("DIRECTORY")
EARLY = environ["EARLY"]
PATIENCE = environ["PATIENCE"]
ADMIN_LOGIN = environ["ADMIN_LOGIN"]
ADMIN_PASSWORD = environ["ADMIN_PASSWORD"]


def main() -> None:
    directory = parse(DIRECTORY)
    client = service.answers(ADMIN_LOGIN, ADMIN_PASSWORD)
    here = every(client, "Domain", ("id", "name"))
    ids = domains.ids(here, directory.names)
    there = signing.read(client, ids)
    now, early = datetime.now(UTC), bool(EARLY)
    turns = {domain: keys.turn(domain, there[domain.name], now, early=early) for domain in directory.domains}
    missing = unshown(
        {(domain.name, one.selector): one.text for domain, turn in turns.items() for one in turn.unseen},
        Names(),
        int(PATIENCE),
    )
    held = {domain for domain, _ in missing}
    safe = [change for domain, turn in turns.items() if domain.name not in held for change in turn.changes]
    changed = signing.write(client, safe)
    if missing:
        raise Failed(*_told(missing, turns))
    there = signing.read(client, ids) if changed else there
    print(json.dumps({"signing": {name: _state(found) for name, found in there.items()}}, sort_keys=True))


def _told(missing: Mapping[tuple[str, str], str], turns: Mapping[Domain, keys.Turn]) -> tuple[str, str]:
    """What is held back and why, and the records to publish. A key that signs now goes on signing."""
    for domain, turn in turns.items():
        for one in turn.unseen:
            if (domain.name, one.selector) in missing:
                log(f'not shown: {one.selector}._domainkey.{domain.name}. TXT "{one.text}"')
    named = [f"{selector}._domainkey.{name} ({why})" for (name, selector), why in missing.items()]
    names = sorted({name for name, _ in missing})
    problem = (
        f"mail of {', '.join(names)} goes on being signed as it is: the world does not show the new key yet:"
        f" {'; '.join(named)}"
    )
    return problem, "publish the records above, then run the same command again: it goes on here"


def _state(there: list[keys.Signature]) -> dict[str, Any]:
    """Which selectors sign, which wait, and until when those that have signed stay."""
    return {
        "signs": [one.selector for one in there if one.signs],
        "waits": [one.selector for one in there if one.stage == "pending"],
        "stays_until": {one.selector: one.until.isoformat() for one in there if one.until and not one.signs},
    }


run(main)
