"""Which database processes accept a connection, whatever the database says of them."""

import socket
from collections.abc import Iterable

_ANSWER_SECONDS = 2


def silent(processes: Iterable[str]) -> list[str]:
    """Of these addresses, each with its port, those that accept none."""
    return [address for address in processes if not _listens(address)]


def _listens(address: str) -> bool:
    host, port = address.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), _ANSWER_SECONDS).close()
    except OSError:
        return False
    return True
