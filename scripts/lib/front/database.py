"""A read through this node's own database client, with a cluster file of its own."""

import shutil
from collections.abc import Callable
from pathlib import Path

from lib.console import log
from lib.foundationdb import fdbcli
from lib.foundationdb.binding import Unusable, load

SECONDS = 2

# Outside every key the mail server uses. It need not exist: an answer that says so has been read.
_KEY = b"\xfe/stalwart-cluster/ready"
_KEY_FOR_CLI = "\\xfe/stalwart-cluster/ready"


def own_cluster_file(state: Path, given: Path) -> Path:
    """The client library rewrites its cluster file, so it gets a copy in a folder that it may write.

    Once there, the copy is left alone: it may be newer than anything we know.
    """
    target = state / "fdb.cluster"
    if not target.exists():
        temporary = target.with_suffix(".new")
        shutil.copyfile(given, temporary)
        temporary.rename(target)
    return target


def reader(packed: str, cluster_file: Path) -> Callable[[], str]:
    """A function that reads a key and tells why it could not; empty when it could."""
    try:
        fdb = load(packed)
    except Unusable as reason:
        log(f"note: reading with fdbcli, because the Python binding cannot be used: {reason}")
        return lambda: _with_cli(str(cluster_file))
    database = fdb.open(str(cluster_file))
    database.options.set_transaction_timeout(1000 * SECONDS)

    def read() -> str:
        try:
            database.get(_KEY)
        except fdb.FDBError as error:
            return f"the database cannot be read: {error.description.decode()}"
        return ""

    return read


def _with_cli(cluster_file: str) -> str:
    code, said = fdbcli.command(f"get {_KEY_FOR_CLI}", SECONDS, cluster_file)
    if code == 0 and ("': not found" in said or "' is `" in said):
        return ""
    return f"the database cannot be read: {' '.join(said.split())[-200:]}"
