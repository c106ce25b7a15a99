"""Processes that get no data any more: `exclude`, `include`, and the time until what they held is elsewhere."""

import sys
import time
from typing import TYPE_CHECKING

from .wire import Message

if TYPE_CHECKING:
    from .cli import Cli
    from .server import Server

# The real one needs one to two minutes for next to no data.
MOVING_SECONDS = 4.0


def names(server: "Server", address: str) -> bool:
    """Whether a process is on the list, by its address or by its machine's."""
    return bool({address, address.rsplit(":", 1)[0]} & set(server.disk.meta.get("excluded", {})))


def holding(server: "Server") -> list[str]:
    """Excluded processes that still hold data: for a while, and for ever where the rest has too few zones for it."""
    from .leader import COPIES  # noqa: PLC0415  # they know each other

    listed = server.disk.meta.get("excluded", {})
    rest = {member["zone"] for address, member in server.live_members().items() if not names(server, address)}
    enough = len(rest) >= COPIES[server.disk.meta["configuration"]["redundancy"]]
    held = []
    for address in server.live_members():
        since = [listed[name] for name in (address, address.rsplit(":", 1)[0]) if name in listed]
        if since and (not enough or time.time() - min(since) < MOVING_SECONDS):
            held.append(address)
    return held


def change(server: "Server", operation: str, addresses: list[str]) -> Message:
    """Put on the list or take off it. Nothing is looked at: an exclusion that is not safe is taken too."""
    from .leader import spread  # noqa: PLC0415  # they know each other

    with server.lock:
        listed = dict(server.disk.meta.get("excluded", {}))
        for address in addresses:
            if operation == "exclude":
                listed.setdefault(address, time.time())
            else:
                listed.pop(address, None)
        zones = {
            member["zone"] for a, member in server.live_members().items() if not {a, a.rsplit(":", 1)[0]} & set(listed)
        }
        server.disk.save(excluded=listed, zones=sorted(zones), generation=server.disk.meta["generation"] + 2)
        spread(server)
        there = {name for a in server.live_members() for name in (a, a.rsplit(":", 1)[0])}
    return {"missing": [address for address in addresses if address not in there]}


def exclude(cli: "Cli", words: list[str]) -> int:
    """The command: `exclude [no_wait] ADDRESS...`. Exit code 0 also where nothing was understood."""
    wait = words[0] != "no_wait"
    addresses = words if wait else words[1:]
    for address in addresses:
        if address.count(".") != 3:  # an IPv4 address has three
            print(f"ERROR: '{address}' is neither a valid network endpoint address nor a locality", file=sys.stderr)
            return 0
    answer = cli.request({"op": "exclude", "addresses": addresses})
    if wait:
        print("Waiting for state to be removed from all excluded servers. This may take a while.")
        print("(Interrupting this wait with CTRL+C will not cancel the data movement.)\n")
        while cli.request({"op": "excluded"})["waiting"]:
            if time.monotonic() > cli.end:
                print("Specified timeout reached -- exiting...", file=sys.stderr)
                return 1
            time.sleep(0.2)
    waiting = cli.request({"op": "excluded"})["waiting"]
    for address in addresses:
        line = f"  {address}  ---- " if ":" in address else f"  {address}(Whole machine)  ---- "
        if address in answer["missing"]:
            print(
                f"{line}WARNING: Missing from cluster! Be sure that you excluded the correct processes", file=sys.stderr
            )
        elif any(one.startswith(address) for one in waiting):
            warning = "WARNING: Exclusion in progress! It is not safe to remove this machine from the cluster"
            print(f"{line}{warning}", file=sys.stderr)
        else:
            print(f"{line}Successfully excluded. It is now safe to remove this machine from the cluster.")
    return 0
