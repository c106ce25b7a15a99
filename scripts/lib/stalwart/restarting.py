"""Take the mail server of this node down and up again in the turn of the node."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lib.console import log
from lib.front.drain import drained
from lib.stalwart import service
from lib.turn.turn import turn


def _nothing() -> None:
    pass


@contextmanager
def restarting(why: str, meanwhile: Callable[[], object] = _nothing) -> Iterator[None]:
    """Stop it when it is this node's turn, start it again, and keep the turn until the body has seen that it is back.

    Args:
        why: what is done, for whoever has to wait.
        meanwhile: what is done while it is down.

    Raises:
        Failed: nothing was stopped, because the turn did not come or the cluster cannot do without this node.
    """
    with turn(why):
        with drained():
            service.systemctl("stop", service.UNIT)
        meanwhile()
        log(f"starting the mail server: {why}")
        service.start()
        yield
