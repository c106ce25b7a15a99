"""Which settings the running mail server was started with: some are taken up only at a start."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lib.stalwart import service
from lib.stalwart.restarting import restarting

_RECORD = Path("/var/lib/stalwart-cluster/stalwart.started-for")


@contextmanager
def started_for(digest: str, *, again: bool = False) -> Iterator[None]:
    """Make the server run with these settings, and write it down when the body has seen that it serves.

    One that was never in service is restarted at once: nobody uses it yet. Any other in the turn of its node.

    Args:
        digest: of the settings.
        again: whether it has to start again in any case.
    """
    here = _RECORD.read_text() if _RECORD.exists() else ""
    if service.is_active() and (again or not here):
        service.restart("it ran before its settings were made")
        yield
    elif service.is_active() and here != digest:
        with restarting("restart Stalwart with other listeners or coordinators"):
            yield
    else:
        service.start()
        yield
    _RECORD.write_text(digest)
