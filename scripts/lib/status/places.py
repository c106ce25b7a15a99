"""Which database the cluster files of this host name."""

import hashlib
from typing import Any

from lib.foundationdb import fdbcli

CLUSTER_FILES = (fdbcli.CLUSTER_FILE, "/var/lib/stalwart/fdb.cluster")


def named(connection: str) -> dict[str, Any]:
    """What a connection string names, without what opens the database: a digest of its identity, the coordinators."""
    identity, _, coordinators = connection.partition("@")
    digest = hashlib.sha256(identity.encode()).hexdigest()[:12]
    return {"identity": digest, "coordinators": sorted(filter(None, coordinators.split(",")))}


def cluster_files() -> dict[str, dict[str, Any] | None]:
    """Path -> what it names; None where nothing readable is in it. Without the mail server there is the first only."""
    found: dict[str, dict[str, Any] | None] = {}
    for path in CLUSTER_FILES:
        try:
            found[path] = named(fdbcli.connection_string(path))
        except FileNotFoundError:
            continue
        except (OSError, UnicodeError, StopIteration):
            found[path] = None
    return found
