"""Start the mail server on a node after the first one is configured, and see that the cluster takes it in."""

import json
from os import environ

from lib.console import Failed, run, wait_for
from lib.stalwart import service
from lib.stalwart.jmap import Unauthorized
from lib.stalwart.started import started_for
from lib.stalwart.wish import Wish, parse

NODE = environ["NODE"]
WISH = environ["WISH"]
STALWART_HOSTNAME = environ["STALWART_HOSTNAME"]
ADMIN_PASSWORD = environ["ADMIN_PASSWORD"]
RESTART = environ["RESTART"]

LEASE_SECONDS = 60


def main() -> None:
    wish = parse(WISH)
    service.place_cluster_file()
    with started_for(RESTART):
        node = listed(wish)
    print(json.dumps({"node_id": node, "hostname": STALWART_HOSTNAME}))


def listed(wish: Wish) -> int:
    """The id of this node in the mail cluster, once it serves and is listed as active."""
    try:
        client = service.settle(wish.admin_login, ADMIN_PASSWORD, wish.ports)
    except Unauthorized:
        raise Failed(
            f"this node does not accept the stack's password of {wish.admin_login}",
            "tell the stack the present one: pulumi config set --secret stalwart-cluster:admin_password",
        ) from None
    (node,) = wait_for(
        LEASE_SECONDS,
        f"{STALWART_HOSTNAME} to be listed as an active node",
        lambda: [found] if (found := service.active_nodes(client).get(STALWART_HOSTNAME)) is not None else None,
    )
    return node


run(main)
