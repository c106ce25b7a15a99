"""Which database the cluster files of this host name, and until when its certificates last."""

import hashlib
import socket
import ssl
import subprocess
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

from lib.foundationdb import fdbcli

CLUSTER_FILES = (fdbcli.CLUSTER_FILE, "/var/lib/stalwart/fdb.cluster")

_PORT, _SECONDS = 443, 3.0


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


def certificates(names: Iterable[str]) -> dict[str, str]:
    """Name -> when the certificate that is shown for it ends, ISO 8601 in UTC; without the names that show none."""
    found = {}
    for name in names:
        if end := _end(name):
            found[name] = end.isoformat(timespec="seconds")
    return found


def _end(name: str) -> datetime | None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection(("127.0.0.1", _PORT), _SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=name) as shown,
        ):
            certificate = shown.getpeercert(binary_form=True)
    except OSError:
        return None
    line = ["openssl", "x509", "-inform", "der", "-noout", "-enddate"]
    done = subprocess.run(line, input=certificate, capture_output=True, timeout=_SECONDS, check=False)
    text = done.stdout.decode().strip().removeprefix("notAfter=")
    try:
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), timezone.utc)  # noqa: UP017  # also Python 3.10
    except ValueError:
        return None
