"""fdbcli, with its habits: exit codes that lie, warnings before JSON, waits without end."""

import json
import subprocess
from typing import Any

from lib.foundationdb.status import Status, read

CLUSTER_FILE = "/etc/foundationdb/fdb.cluster"

# While the cluster goes over to another line, /usr/local/bin has one that takes what goes with this host's process.
_program = "fdbcli"

# Its own timeout counts only once it is connected, so the process gets one as well.
_GRACE_SECONDS = 5


def use(program: str) -> None:
    """Ask with another one from now on: of two lines neither can talk to the processes of the other."""
    global _program  # noqa: PLW0603  # whoever asks, in whichever library, has to ask with this one
    _program = program


def command(text: str, seconds: int, cluster_file: str = CLUSTER_FILE) -> tuple[int, str]:
    """Run one command; exit code and everything it said. An expired time is exit code 1, as fdbcli has it.

    `--no-status`, because fdbcli looks at the status first otherwise, which takes half a minute on a database that
    does not exist yet. The answer never decides alone: look at the status afterwards.
    """
    line = [_program, "-C", cluster_file, "--no-status", "--timeout", str(seconds), "--exec", text]
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=seconds + _GRACE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return 1, f"no answer within {seconds + _GRACE_SECONDS} s"
    return done.returncode, f"{done.stdout}{done.stderr}".strip()


def document(seconds: int = 40, cluster_file: str = CLUSTER_FILE) -> dict[str, Any]:
    """The status document; empty where none could be had. Never ask before the database exists: that takes 33 s."""
    _, said = command("status json", seconds, cluster_file)
    start = said.find("{")
    try:
        found, _ = json.JSONDecoder().raw_decode(said[start:]) if start >= 0 else ({}, 0)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def status(seconds: int = 40, cluster_file: str = CLUSTER_FILE) -> Status:
    """The typed status."""
    return read(document(seconds, cluster_file))


def connection_string(cluster_file: str = CLUSTER_FILE) -> str:
    """The one line of a cluster file that is no comment."""
    with open(cluster_file, encoding="ascii") as file:  # noqa: PTH123  # one line, no path arithmetic
        lines = [line.strip() for line in file]
    return next(line for line in lines if line and not line.startswith("#"))
