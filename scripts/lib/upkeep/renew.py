"""After updates: reboot where that is required, else restart the services that still run with what was replaced."""

from lib.console import Failed, log, wait_for
from lib.front.drain import drained
from lib.stalwart import service
from lib.turn import cluster
from lib.turn.gate import silent_mail_nodes
from lib.turn.turn import NODE, turn
from lib.upkeep.outdated import outdated, reboot_is_required
from lib.upkeep.reboot import reboot

_GREET_SECONDS = 180


def renew() -> None:
    """Do what the last updates ask for, in the turn of this node; nothing when they ask for nothing.

    Raises:
        Failed: nothing was stopped, because the turn did not come or the cluster cannot do without this node; or the
            mail server does not come back.
    """
    if reboot_is_required():
        reboot(f"reboot {NODE} after updates")
    elif units := outdated():
        _restart(units)
    else:
        log("no update asks for a reboot or a restart")


def _restart(units: list[str]) -> None:
    why = f"restart {', '.join(units)} with updated libraries"
    here = cluster.read().nodes[NODE]
    with turn(why):
        log(why)
        try:
            if here.mail:
                with drained():
                    service.systemctl("stop", service.UNIT)
            for unit in units:
                if unit != service.UNIT:
                    service.systemctl("restart", unit)
        finally:  # also when it is interrupted
            if here.mail:
                service.start()
        if here.mail:
            wait_for(_GREET_SECONDS, "the mail server to greet", lambda: _greets(here.address), pause=1)
    if left := outdated():
        raise Failed(f"{', '.join(left)} still run with replaced libraries", f"systemctl status {' '.join(left)}")


def _greets(address: str) -> bool:
    return not silent_mail_nodes({NODE: address})[NODE]
