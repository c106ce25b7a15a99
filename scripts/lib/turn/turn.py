"""A node's turn to go down: nobody else's at the same time, and only while the cluster can do without it."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from lib.console import Failed, log, wait_for
from lib.foundationdb import fdbcli
from lib.foundationdb.waiting import wait_until
from lib.turn import claims, cluster
from lib.turn.claims import Claim
from lib.turn.gate import against_coming_back, against_going

NODE = os.environ.get("NODE", "")
LOCK = Path("/run/stalwart-cluster/turn")

# A claim that is only wanted is renewed at every look; one that is held must outlast what is done under it.
_WANTED_SECONDS = 60
HELD_SECONDS = 900

# Others may be in front: each takes a minute or two.
PATIENCE_SECONDS = 1500
GATE_SECONDS = 300
MAINTENANCE_SECONDS = 600
_LOOK_SECONDS = 1.0


@contextmanager
def turn(why: str, *, release: str = "") -> Iterator[None]:
    """Hold the turn while the body takes this node's services down and up again.

    Args:
        why: what is done, for whoever has to wait.
        release: of the database, that must run here afterwards; empty: whichever does.

    Raises:
        Failed: the turn does not come, the cluster cannot do without the node, or the node does not come back. The
            turn is given back in every case; what is down keeps the others from going.
    """
    with only_one_here(why):
        begin(why)
        try:
            yield
            come_back(release)
        finally:
            give_back()


@contextmanager
def claimed(why: str) -> Iterator[None]:
    """Hold the claim alone: for changes that take no node down, and must not meet one that does."""
    with only_one_here(why):
        take(why)
        try:
            yield
        finally:
            claims.remove(NODE)


def begin(why: str, held_seconds: int = HELD_SECONDS) -> None:
    """Wait for the turn and until the cluster can do without this node.

    Raises:
        Failed: names who is in front or what is missing; the turn is given back.
    """
    take(why, held_seconds)
    try:
        _wait_for_gate()
        maintenance(on=True)
    except BaseException:  # also when it is interrupted
        give_back()
        raise


def give_back() -> None:
    """Let the next one go. Never fails: a claim that cannot be removed now ends by itself."""
    maintenance(on=False)
    try:
        claims.remove(NODE)
    except Failed as failure:
        log(f"note: {failure}; the claim of {NODE} ends by itself")


def take(why: str, held_seconds: int = HELD_SECONDS) -> None:
    """Wait for the claim of this node.

    Raises:
        Failed: names who is in front.
    """
    since = int(time.time())
    in_front: list[str] = []

    def claim(*, held: bool) -> None:
        lease = held_seconds if held else _WANTED_SECONDS
        claims.write(NODE, Claim(held, since, int(time.time()) + lease, why))

    def check() -> bool:
        claim(held=False)
        in_front[:] = _ahead()
        if in_front:
            return False
        claim(held=True)
        in_front[:] = _ahead()
        return not in_front

    try:
        wait_for(PATIENCE_SECONDS, f"the turn of {NODE}, to {why}", check, pause=_LOOK_SECONDS)
    except Failed as failure:
        claims.remove(NODE)
        raise Failed(f"{failure}: {'; '.join(in_front)}", failure.remedy) from None
    log(f"it is the turn of {NODE}: {why}")


def maintenance(*, on: bool) -> None:
    """Tell the database that this zone is away for a while: it does not begin to copy its data elsewhere meanwhile."""
    zone = cluster.read().nodes[NODE].zone
    fdbcli.command(f"maintenance on {zone} {MAINTENANCE_SECONDS}" if on else "maintenance off", 30)


def come_back(release: str = "") -> None:
    """Wait until this node is in again and the cluster as tolerant as before.

    Raises:
        Failed: names what is missing.
    """
    here = cluster.read()
    maintenance(on=False)
    wait_until(f"{NODE} to be back", lambda status: against_coming_back(status, here, NODE, release), GATE_SECONDS)


def _wait_for_gate() -> None:
    here = cluster.read()
    if NODE not in here.nodes:
        raise Failed(f"{NODE} is not among the nodes of {cluster.FILE}", "run `up` from the beginning")
    try:
        wait_until(
            f"the cluster to be able to do without {NODE}",
            lambda status: against_going(status, here, NODE),
            GATE_SECONDS,
        )
    except Failed as failure:
        remedy = "nothing was taken down; mend what is named, then run the same command again"
        raise Failed(str(failure), remedy) from None


def _ahead() -> list[str]:
    live = claims.live()
    return [
        f"{node} {'holds it' if live[node].held else 'is in front'} since {_clock(live[node].since)},"
        f" to {live[node].why}"
        for node in claims.ahead(NODE, live)
    ]


def _clock(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%FT%TZ")  # noqa: UP017  # also Python 3.10 tools


@contextmanager
def only_one_here(why: str) -> Iterator[None]:
    """One at a time on this host: an interrupted run may still be at work here, unseen by the one that follows it."""
    LOCK.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with LOCK.open("a+") as file:

        def free() -> bool:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return False
            return True

        wait_for(PATIENCE_SECONDS, f"another run on this host, begun to {LOCK.read_text().strip()}", free)
        file.truncate(0)
        file.write(f"{why}, process {os.getpid()}, {_clock(int(time.time()))}\n")
        file.flush()
        yield
