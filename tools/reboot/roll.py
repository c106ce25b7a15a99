"""Reboot one node after the other, and see that each is back before the next begins."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tools.status.nodes import Target, ask, why

# What waits on the host is bounded there: for others in front, and for the cluster to be able to do without the node.
ASK_SECONDS = 4600
# A boot, and then the database and the mail server.
BACK_SECONDS = 1200
_LOOK_SECONDS = 20
_PAUSE_SECONDS = 2.0

State = Mapping[str, Any]


class Stopped(Exception):  # noqa: N818  # reads as what happened
    """A node was not rebooted or is not back; those after it were left alone."""


def roll(nodes: Sequence[Target], say: Callable[[str], None] = print) -> None:
    """Reboot all of them, in this order.

    Raises:
        Stopped: names the node and what is wrong.
    """
    for index, node in enumerate(nodes):
        rest = ", ".join(other.name for other in nodes[index + 1 :])
        untouched = f"; not rebooted: {rest}" if rest else ""
        before = _look(node)
        if before is None:
            raise Stopped(f"{node.name} cannot be reached{untouched}")
        say(f"{node.name}: waiting for its turn, then it reboots")
        began = time.monotonic()
        answer = ask(node, "upkeep/reboot.py", {}, ASK_SECONDS)
        # No answer means that the host went down with the connection, or that it never came to that: seen below.
        if answer.found is not None and not answer.found["began"]:
            raise Stopped(f"{node.name} was not rebooted: {_last(answer.found['against'])}{untouched}")
        _wait(node, before["boot"], answer.trouble, untouched)
        say(f"{node.name}: back after {time.monotonic() - began:.0f} s")


def _wait(node: Target, boot: str, trouble: str, untouched: str) -> None:
    end = time.monotonic() + BACK_SECONDS
    state: State | None = None
    while time.monotonic() < end:
        state = _look(node) or state
        if state and state["boot"] != boot and not state["rebooting"]:
            return
        if state and state["boot"] == boot and not state["rebooting"] and trouble:
            raise Stopped(f"{node.name} was not rebooted: {trouble}{untouched}")
        time.sleep(_PAUSE_SECONDS)
    words = f": {state['last_words']}" if state and state["boot"] != boot else ""
    raise Stopped(f"{node.name} is not back after {BACK_SECONDS} s{words}{untouched}")


def _look(node: Target) -> State | None:
    return ask(node, "upkeep/state.py", {}, _LOOK_SECONDS).found


def _last(said: str) -> str:
    """The sentence of the failure in what the unit said."""
    return why(said).rpartition("error: ")[2] or "no reason given"
