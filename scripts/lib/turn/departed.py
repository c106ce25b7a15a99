"""Whether a node is gone that leaves for good: then no turn of it is at work any more, whatever its claim says.

Only asked of nodes that leave. One that stays may be cut off from all others and still be about to stop its services:
its claim is its own to give back, after a boot or at the end of its lease, and meanwhile the gate lets nobody go.
"""

import errno
import socket

from lib.foundationdb import fdbcli
from lib.foundationdb.status import not_told, not_up

# Something answers on one of them, if only to say that nothing is there: SSH, and the database.
_PORTS = (22, 4500)
_ANSWER_SECONDS = 3
_SILENCE = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT, errno.EHOSTDOWN})


def is_gone(address: str) -> bool:
    """Whether the database has no process of this host, and the host itself does not answer."""
    status = fdbcli.status()
    if not_up(status) or not_told(status):
        return False
    if any(process.address.rsplit(":", 1)[0] == address for process in status.processes):
        return False
    return all(_is_silent(address, port) for port in _PORTS)


def _is_silent(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), _ANSWER_SECONDS).close()
    except TimeoutError:
        return True
    except OSError as error:
        return error.errno in _SILENCE
    return False
