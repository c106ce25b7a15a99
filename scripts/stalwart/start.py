"""Start the mail server on a node after the first one is configured, and see that the cluster takes it in."""

import json
from os import environ
from pathlib import Path

from lib.console import Failed, run, wait_for
from lib.stalwart import service
from lib.stalwart.jmap import Unauthorized
from lib.stalwart.wish import parse

NODE = environ["NODE"]
WISH = environ["WISH"]
STALWART_HOSTNAME = environ["STALWART_HOSTNAME"]
ADMIN_PASSWORD = environ["ADMIN_PASSWORD"]
RESTART = environ["RESTART"]

STARTED_FOR = Path("/var/lib/stalwart-cluster/stalwart.started-for")
LEASE_SECONDS = 60


def main() -> None:
    wish = parse(WISH)
    service.place_cluster_file()
    if service.is_active() and started_for() != RESTART:
        # It may also run since an interrupted run, from before there were accounts and a coordinator to hear of them.
        service.restart("listeners or coordinator changed, which are taken up at a start")
    service.start()
    try:
        client = service.settle(wish.admin_login, ADMIN_PASSWORD, wish.ports)
    except Unauthorized:
        raise Failed(
            f"this node does not accept the stack's password of {wish.admin_login}",
            "tell the stack the present one: pulumi config set --secret stalwart-cluster:admin_password",
        ) from None
    STARTED_FOR.write_text(RESTART)
    node = wait_for(
        LEASE_SECONDS,
        f"{STALWART_HOSTNAME} to be listed as an active node",
        lambda: {"id": found} if (found := service.active_nodes(client).get(STALWART_HOSTNAME)) is not None else None,
    )
    print(json.dumps({"node_id": node["id"], "hostname": STALWART_HOSTNAME}))


def started_for() -> str:
    """The settings with which the running server was started; empty when that is not known."""
    return STARTED_FOR.read_text() if STARTED_FOR.exists() else ""


run(main)
