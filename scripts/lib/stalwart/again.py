"""Take the mail server down and up again, for a script that has the turn of this node: `again.py WHY`."""

import sys
from os import environ

from lib.console import Failed, log, run, wait_for
from lib.front.drain import drained
from lib.stalwart import service
from lib.turn import cluster
from lib.turn.gate import silent_mail_nodes

NODE = environ["NODE"]


def main() -> None:
    (why,) = sys.argv[1:]
    with drained():
        service.systemctl("stop", service.UNIT)
    log(f"starting the mail server: {why}")
    service.start()
    address = cluster.read().nodes[NODE].address
    silence = ""

    def greets() -> bool:
        nonlocal silence
        silence = silent_mail_nodes({NODE: address})[NODE]
        return not silence

    try:
        wait_for(service.START_SECONDS, "the mail server to greet", greets)
    except Failed as failure:
        raise Failed(f"{failure}: {silence}", "journalctl -u stalwart says why") from None


run(main)
