"""Single keys and values of the database, read and written by fdbcli: the one client that is on every host."""

import re
from collections.abc import Iterable, Mapping

from lib.console import Failed, wait_for
from lib.foundationdb import fdbcli

# A recovery interrupts the database for seconds.
PATIENCE_SECONDS = 60
_SECONDS = 10
_MOST = 1000
_PAIR = re.compile(r"^`(?P<key>.*)' is `(?P<value>.*)'$", re.MULTILINE)
_BYTE = re.compile(rb"\\x([0-9a-f]{2})")
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./-")


def read(
    first: bytes, end: bytes, *, cluster_file: str = fdbcli.CLUSTER_FILE, patience: float = PATIENCE_SECONDS
) -> dict[bytes, bytes]:
    """The pairs from one key to another, which does not belong to them.

    Args:
        patience: seconds that the database may be away.

    Raises:
        Failed: the database cannot be read.
    """
    command = f"getrange {escaped(first)} {escaped(end)} {_MOST}"
    return parse(_insist(command, "Range limited", 1, cluster_file, patience))


def change(
    sets: Mapping[bytes, bytes],
    clears: Iterable[bytes],
    *,
    cluster_file: str = fdbcli.CLUSTER_FILE,
    patience: float = PATIENCE_SECONDS,
) -> None:
    """Write some pairs and take others away.

    Raises:
        Failed: the database does not take it.
    """
    commands = [f'set {escaped(key)} "{escaped(value)}"' for key, value in sets.items()]
    commands += [f"clear {escaped(key)}" for key in clears]
    _insist("; ".join(["writemode on", *commands]), "Committed", len(commands), cluster_file, patience)


def parse(said: str) -> dict[bytes, bytes]:
    """The pairs in what fdbcli prints of a range."""
    return {_unescaped(pair["key"]): _unescaped(pair["value"]) for pair in _PAIR.finditer(said)}


def escaped(data: bytes) -> str:
    """Letters, digits and harmless signs as they are, every other byte as fdbcli reads it."""
    return "".join(chr(byte) if byte in _PLAIN else f"\\x{byte:02x}" for byte in data)


def _unescaped(printed: str) -> bytes:
    """What fdbcli printed, with its escapes undone."""
    return _BYTE.sub(lambda found: bytes([int(found[1], 16)]), printed.encode().replace(b"\\\\", b"\\x5c"))


def _insist(command: str, sign: str, signs: int, cluster_file: str, patience: float) -> str:
    """Ask until the database does it, which so many signs tell.

    Given twice each command here means the same, so a commit of which nobody knows whether it happened is no trouble.
    """
    last = ""

    def check() -> str | None:
        nonlocal last
        code, last = fdbcli.command(command, _SECONDS, cluster_file)
        return last if code == 0 and last.count(sign) >= signs else None

    try:
        return wait_for(patience, "the database to answer", check, pause=0.5)
    except Failed as failure:
        raise Failed(f"{failure}: {last[-200:]}", "is the database available? make status") from None
