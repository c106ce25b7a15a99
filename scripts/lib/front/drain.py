"""Out of the balancer before the mail server stops, and in again: nobody is led to a node that is about to go."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import environ
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from lib.console import Failed, log, wait_for
from lib.turn import cluster

# Its presence makes the probe say no. It goes at a reboot, so that nothing stays drained for ever.
MARK = Path("/run/stalwart-drain")
REFUSALS = "/refusals"
UNIT = "stalwart-probe"
PORT = 8085

# A balancer believes what it heard twice in a row. Source: components/front/balancer.py, which asks every 5 seconds.
ENOUGH = 2
NOTICE_SECONDS = 30

# For sessions that are under way. Those that stay open for hours, as mail programs do, are cut then.
SESSIONS_SECONDS = 15
_PORTS = (25, 465, 587, 993, 4190, 443)


def trouble() -> str:
    """Why nobody is to be led here; empty when nothing is being taken down."""
    return "this node is being taken down" if MARK.exists() else ""


@contextmanager
def drained() -> Iterator[None]:
    """Let the balancer lead everybody elsewhere, wait until sessions are over, then do what stops the server.

    Without a balancer there is nobody to tell: who finds a node away tries the next one.
    """
    if subprocess.run(["systemctl", "is-active", "--quiet", UNIT], check=False).returncode:
        yield
        return
    before = _refusals()
    MARK.touch()
    try:
        _patiently(NOTICE_SECONDS, "the balancer to lead nobody here any more", lambda: _refusals() - before >= ENOUGH)
        _patiently(SESSIONS_SECONDS, "the sessions here to end", lambda: not _sessions())
        yield
    finally:
        MARK.unlink(missing_ok=True)


def _patiently(seconds: float, condition: str, check: Callable[[], bool]) -> None:
    """Wait, and go on when the time is over: a session that is cut is taken up again by whoever had it."""
    try:
        wait_for(seconds, condition, check, pause=0.5)
    except Failed:
        log(f"note: going on without waiting longer for {condition}")


def _refusals() -> int:
    """How often the probe has said no."""
    address = cluster.read().nodes[environ["NODE"]].address
    try:
        with urlopen(f"http://{address}:{PORT}{REFUSALS}", timeout=3) as answer:  # our own address
            return int(answer.read())
    except (URLError, OSError, ValueError):
        return 0


def _sessions() -> bool:
    """Whether anybody else is connected to the ports of the mail server."""
    ports = " or ".join(f"sport = :{port}" for port in _PORTS)
    line = ["ss", "-Htn", "state", "established", f"( {ports} )"]
    return bool(subprocess.run(line, capture_output=True, text=True, check=False).stdout.strip())
