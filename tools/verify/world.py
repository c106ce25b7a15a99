"""The world outside of a lab: a host of its own with a name server and a mail server of Debian's packages."""

import json
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from components.remote.script import Script
from components.settings.names import holds
from tools.status.nodes import Target, ask, why
from tools.verify.stack import Stack

DOMAIN = "world.test"
HOST = f"mail.{DOMAIN}"
PERSON = f"person+{{token}}@{DOMAIN}"

# A boot; then some Debian packages, once.
_BOOT_SECONDS = 120
_INSTALL_SECONDS = 300
_ASK_SECONDS = 15


class NoWorld(Exception):  # noqa: N818  # reads as what happened
    """There is no world outside to verify with; the message says why."""


@dataclass(frozen=True)
class World:
    """The world outside, as it is reached by SSH."""

    target: Target

    def run(self, script: str, values: Mapping[str, str], seconds: float) -> dict[str, Any]:
        """What a script there prints.

        Raises:
            NoWorld: it printed nothing that can be read.
        """
        return _found(self.target, script, values, seconds)


def world(stack: Stack) -> World:
    """Make the world of a lab, or bring it up to date with the stack's zones.

    Raises:
        NoWorld: the stack has no lab, or the world could not be made.
    """
    if not stack.lab:
        raise NoWorld("there is no mail server outside to verify with: only a lab has one")
    if clash := [zone for zone in stack.zones.texts if holds(DOMAIN, zone)]:
        raise NoWorld(f"{clash[0]} is a domain of this stack, and {DOMAIN} is the world outside of a lab")
    made = _local(stack, "up")
    node = next(iter(stack.targets.values()))
    connection = {"host": made["address"], "hostKey": made["host_key"], "privateKey": node.connection["privateKey"]}
    found = World(Target(HOST, connection, root=True))
    values = {
        "ADDRESS": made["address"],
        "NETWORK": stack.lab["LAB_NETWORK"],
        "RESOLVERS": made["resolvers"],
        "ZONES": json.dumps(dict(stack.zones.texts)),
        "REVERSE": json.dumps(dict.fromkeys(stack.senders.values(), stack.wish["outgoing"]) | {made["address"]: HOST}),
    }
    found.run("verify/world.sh", values, _INSTALL_SECONDS)
    _local(stack, "serves")
    _see_that_all_ask_it(stack, str(made["address"]))
    return found


def _local(stack: Stack, action: str) -> dict[str, Any]:
    given = {key: stack.lab[key] for key in ("LAB", "LAB_NETWORK", "LAB_DEBIAN", "LAB_AUTHORIZED_KEY")}
    line = ["bash", "-s", "--", action]
    payload = Script("lab/world.sh").payload(given)
    done = subprocess.run(line, input=payload, capture_output=True, text=True, timeout=_BOOT_SECONDS, check=False)
    if done.returncode:
        raise NoWorld(why(done.stderr) or "lab/world.sh failed")
    found: dict[str, Any] = json.loads(done.stdout or "{}")
    return found


def _see_that_all_ask_it(stack: Stack, address: str) -> None:
    """Mail servers look up by their host's resolver: where that is another one, no check of the world says anything."""
    with ThreadPoolExecutor(len(stack.targets)) as pool:
        values = {"NAME": HOST}
        answers = pool.map(lambda node: ask(node, "verify/look_up.sh", values, _ASK_SECONDS), stack.targets.values())
        elsewhere = [seen.target.name for seen in answers if (seen.found or {}).get("address") != address]
    if elsewhere:
        raise NoWorld(f"{', '.join(elsewhere)} asks another name server than the lab's; make up, then verify again")


def _found(target: Target, script: str, values: Mapping[str, str], seconds: float) -> dict[str, Any]:
    seen = ask(target, script, values, seconds)
    if seen.found is None:
        raise NoWorld(f"{target.name}: {seen.trouble}")
    return dict(seen.found)
