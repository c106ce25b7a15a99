"""What has left the stack file and is kept: what there is to lose, before somebody has it erased."""

from collections.abc import Mapping
from typing import Any

from lib.accounts.held import Held, Here
from lib.accounts.record import Entry
from lib.accounts.wish import DOMAIN, LIST
from lib.stalwart.jmap import Client
from lib.stalwart.listing import MOST_OBJECTS


def leavings(client: Client, here: Here, entries: Mapping[str, Entry]) -> dict[str, dict[str, Any]]:
    """Name of each -> its kind, and the bytes of its mail; of a domain also how many others it holds."""
    left = {name: entry for name, entry in entries.items() if entry.left and here.has(name)}
    inside = {
        name: [held for held in here.things.values() if held.address.endswith(f"@{name}")]
        for name, entry in left.items()
        if entry.kind == DOMAIN
    }
    asked = [here.things[name] for name in left if name in here.things] + [
        held for all_ in inside.values() for held in all_
    ]
    used = _used(client, [held for held in asked if held.kind != LIST])
    found: dict[str, dict[str, Any]] = {}
    for name, entry in left.items():
        held = inside.get(name) or ([here.things[name]] if name in here.things else [])
        found[name] = {"kind": entry.kind, "bytes": sum(used.get(one.id, 0) for one in held if one.kind != LIST)}
        if entry.kind == DOMAIN:
            found[name]["holds"] = len(held)
    return found


def _used(client: Client, accounts: list[Held]) -> dict[str, int]:
    """Id -> bytes of all mail in it."""
    ids = sorted({held.id for held in accounts})
    pages = [ids[start : start + MOST_OBJECTS] for start in range(0, len(ids), MOST_OBJECTS)]
    properties = ["id", "usedDiskQuota"]
    answers = client.call(*(("x:Account/get", {"ids": page, "properties": properties}) for page in pages))
    return {item["id"]: int(item["usedDiskQuota"]) for answer in answers for item in answer["list"]}
