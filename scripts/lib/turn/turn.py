"""A node's turn to go down: nobody else's at the same time, and only while the cluster can do without it."""

import os
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from lib.console import Failed, log, wait_for
from lib.foundationdb import fdbcli
from lib.foundationdb.waiting import wait_until
from lib.turn import claims, cluster
from lib.turn.claims import Claim
from lib.turn.departed import is_gone
from lib.turn.gate import against_coming_back, against_going
from lib.turn.here import clock, only_one_here

NODE = os.environ.get("NODE", "")

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
def claimed(why: str, *, leaver: str = "") -> Iterator[None]:
    """Hold the claim alone: for changes that take no node down, and must not meet one that does.

    Args:
        leaver: a node that leaves for good with what is done. The claim is not in its name: it may live and have one.
    """
    with only_one_here(why):
        take(why, leaver=leaver)
        try:
            yield
        finally:
            _let_go(_name(leaver))


def begin(why: str, held_seconds: int = HELD_SECONDS) -> None:
    """Wait for the turn and until the cluster can do without this node.

    Raises:
        Failed: names who is in front or what is missing; the turn is given back, also when this is interrupted.
    """
    take(why, held_seconds)
    try:
        _wait_for_gate()
        maintenance(on=True)
    except BaseException:
        give_back()
        raise


def give_back() -> None:
    """Let the next one go. Never fails: a claim that cannot be removed now ends by itself."""
    maintenance(on=False)
    _let_go(NODE)


def take(why: str, held_seconds: int = HELD_SECONDS, *, leaver: str = "") -> None:
    """Wait for the claim: this node's, or that for a node that leaves.

    Raises:
        Failed: names who is in front. No claim is left, also when this is interrupted.
    """
    since = int(time.time())
    name, nodes = _name(leaver), cluster.read().nodes
    address = "-" if leaver or NODE not in nodes else nodes[NODE].address
    in_front: list[str] = []

    def claim(*, held: bool) -> None:
        lease = held_seconds if held else _WANTED_SECONDS
        claims.write(name, Claim(held, since, int(time.time()) + lease, address, why))

    def ahead() -> list[str]:
        live = claims.live()
        _take_away_of_the_gone(live, {*nodes} - {leaver})
        return [_told(node, live[node]) for node in claims.ahead(name, live)]

    def check() -> bool:
        claim(held=False)
        in_front[:] = ahead()
        if in_front:
            return False
        claim(held=True)
        in_front[:] = ahead()
        return not in_front

    try:
        wait_for(PATIENCE_SECONDS, f"the turn of {NODE}, to {why}", check, pause=_LOOK_SECONDS)
    except BaseException as end:
        _let_go(name)
        if isinstance(end, Failed):
            raise Failed(f"{end}: {'; '.join(in_front)}", end.remedy) from None
        raise
    log(f"it is the turn of {NODE}: {why}")


def _take_away_of_the_gone(live: dict[str, Claim], staying: Collection[str]) -> None:
    """A node that died in its turn and leaves for good gives nothing back."""
    for node, claim in [*live.items()]:
        if claim.held and node not in staying and is_gone(claim.address):
            log(f"{node} leaves for good and is gone; its turn ends, which was to {claim.why}")
            claims.remove(node)
            del live[node]


def _let_go(name: str) -> None:
    try:
        claims.remove(name)
    except Failed as failure:
        log(f"note: {failure}; the claim of {name} ends by itself")


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


def _told(node: str, claim: Claim) -> str:
    return f"{node} {'holds it' if claim.held else 'is in front'} since {clock(claim.since)}, to {claim.why}"


def _name(leaver: str) -> str:
    return f"leave-{leaver}" if leaver else NODE
