"""The first mail node: start it alone, make the administrator, and bring the settings to what they shall be.

Only settings that differ are written. A run that was interrupted is finished by the next one.
"""

import json
import subprocess
from os import environ
from pathlib import Path
from typing import Any

from lib.console import log, run
from lib.stalwart import accounts, recovery, service
from lib.stalwart.apply import apply
from lib.stalwart.jmap import Client, Unauthorized
from lib.stalwart.started import started_for
from lib.stalwart.wish import Wish, parse

NODE = environ["NODE"]
WISH = environ["WISH"]
ADMIN_PASSWORD = environ["ADMIN_PASSWORD"]
PROBE_PASSWORD = environ["PROBE_PASSWORD"]
# Empty where there is no relay, or one without a login.
RELAY_PASSWORD = environ["RELAY_PASSWORD"]

CONFIGURED = Path("/var/lib/stalwart-cluster/stalwart.configured")

_REACHED_SECONDS = "4"


def main() -> None:
    wish = parse(WISH)
    service.place_cluster_file()
    downloads = wish.downloads and can_download()
    client, recovering = administrator(wish, downloads=downloads)
    changed = apply(client, wish, downloads=downloads, for_relay=RELAY_PASSWORD)
    changed += accounts.ensure(client, wish, ADMIN_PASSWORD, PROBE_PASSWORD)
    if recovering:
        recovery.disable()
    with started_for(wish.restart_digest, again=recovering):
        client = service.settle(wish.admin_login, ADMIN_PASSWORD, wish.ports)
    CONFIGURED.touch()
    print(json.dumps(report(client, wish, changed), sort_keys=True))


def administrator(wish: Wish, *, downloads: bool) -> tuple[Client, bool]:
    """A client with all rights: the administrator, or before there is one the recovery administrator."""
    serves = service.is_active() and not recovery.ENVIRONMENT.exists()
    if serves or CONFIGURED.exists():
        if not serves:
            service.start()
        try:
            return service.answers(wish.admin_login, ADMIN_PASSWORD), False
        except Unauthorized:
            refuse_lost_password(wish)
    runs_since_an_interrupted_run = service.is_active()
    password = recovery.enable(downloads=downloads)
    if runs_since_an_interrupted_run:
        service.restart("it does not know the recovery administrator")
    else:
        # Never restarted while it starts for the first time: what it makes of an empty database would stay half made.
        service.start()
    return service.answers(recovery.LOGIN, password), True


def refuse_lost_password(wish: Wish) -> None:
    if CONFIGURED.exists():
        raise service.lost_password(wish.admin_login)


def can_download() -> bool:
    """Whether this host reaches what the server would fetch. Where it does not, each start would wait for it."""
    line = ["curl", "-fsSI", "--max-time", _REACHED_SECONDS, "-o", "/dev/null", "https://github.com/stalwartlabs"]
    if subprocess.run(line, capture_output=True, check=False).returncode == 0:
        return True
    log("note: the projects' releases cannot be reached from here; web page, spam rules and address lists are left out")
    return False


def report(client: Client, wish: Wish, changed: list[str]) -> dict[str, Any]:
    return {
        "nodes": service.active_nodes(client),
        "changed": changed,
        "restart": wish.restart_digest,
    }


run(main)
