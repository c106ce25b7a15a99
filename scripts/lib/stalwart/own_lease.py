"""Before the mail server starts: see to it that it takes the node id that is its own. `install` puts it in place.

Run by its unit, as its user. It never needs a secret.
"""

import os
import sys
import time

from lib import programs
from lib.console import Failed, log, run
from lib.stalwart import leases
from lib.turn import cluster

# Its own copy: the one of the host is not for its user.
CLUSTER_FILE = "/var/lib/stalwart/fdb.cluster"


def main() -> None:
    """Without the database the server could not start either: then this fails, and systemd tries again.

    Raises:
        Failed: the database cannot be read or written.
    """
    hostname = os.environ["STALWART_HOSTNAME"]
    os.environ.setdefault("NODE", hostname.partition(".")[0])
    try:
        members = {node.hostname for node in cluster.read().nodes.values()}
    except Failed as failure:
        log(f"note: {failure}; the node ids are left as they are")
        return
    found, now = leases.read(CLUSTER_FILE), int(time.time())
    change = leases.repair(found, hostname, members, now)
    if not change.renew and not change.drop:
        return
    for lease in found:
        if lease.node_id in {*change.renew, *change.drop}:
            minutes = (now - lease.renewed) // 60
            what = "kept for it" if lease.node_id in change.renew else "dropped"
            log(f"node id {lease.node_id} of {lease.hostname}, not renewed for {minutes} minutes, is {what}")
    leases.write(change, now, CLUSTER_FILE)


if __name__ == "__main__":
    if sys.argv[1:] == ["install"]:
        programs.place("own-lease", "lib.stalwart.own_lease")
    else:
        run(main)
