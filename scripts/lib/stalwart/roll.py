"""Take the running mail server to another release or to other files, in the turn of this node: `roll.py WHY BINARY`."""

import os
import sys
from pathlib import Path

from lib.console import log, run, wait_for
from lib.stalwart import service
from lib.stalwart.jmap import Client, Unauthorized, Unreachable
from lib.stalwart.restarting import restarting

HOSTNAME = os.environ["STALWART_HOSTNAME"]
ADMIN_LOGIN = os.environ["ADMIN_LOGIN"]
ADMIN_PASSWORD = os.environ["ADMIN_PASSWORD"]

LINK = Path("/usr/local/bin/stalwart")
_PORTS = (25, 465, 993, 443)
_ACTIVE_SECONDS = 90


def main() -> None:
    why, binary = sys.argv[1], Path(sys.argv[2])
    refuse_lost_password()
    with restarting(why, lambda: point_to(binary)):
        client = service.settle(ADMIN_LOGIN, ADMIN_PASSWORD, _PORTS)
        wait_for(_ACTIVE_SECONDS, f"{HOSTNAME} to be an active node again", lambda: is_active(client))


def refuse_lost_password() -> None:
    """Before anything is stopped: without the login nobody could tell whether the node came back."""
    try:
        Client(service.API, ADMIN_LOGIN, ADMIN_PASSWORD).session()
    except Unauthorized:
        raise service.lost_password(ADMIN_LOGIN) from None
    except Unreachable:
        log("note: the mail server that runs does not answer; it is started anew")


def point_to(binary: Path) -> None:
    """Make the name that the unit starts mean this binary, at once and whole."""
    new = LINK.with_name(".stalwart.new")
    new.unlink(missing_ok=True)
    new.symlink_to(binary)
    new.rename(LINK)


def is_active(client: Client) -> bool:
    """Whether the cluster lists this node, under an id that no other node has."""
    nodes = service.active_nodes(client)
    return HOSTNAME in nodes and list(nodes.values()).count(nodes[HOSTNAME]) == 1


run(main)
