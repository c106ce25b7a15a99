"""Reboot this host in its turn: when the cluster can do without it, and with nobody being served here any more."""

import subprocess

from lib.console import Failed, log, wait_for
from lib.front.drain import drained
from lib.stalwart import service
from lib.turn import cluster, turn
from lib.turn.here import only_one_here
from lib.upkeep import mark
from lib.upkeep.held import given_back, holds

# Longer than a slow server takes to boot and its services to be back. The claim is given back sooner, by `back`.
HELD_SECONDS = 1800

# As long as systemd lets apt go on when a host shuts down. Source: apt-daily-upgrade.service.
UPDATES_SECONDS = 900


def reboot(why: str) -> None:
    """Ask for the reboot, and return before it happens: systemd ends this very process.

    Raises:
        Failed: nothing was stopped, because the turn did not come or the cluster cannot do without this node.
    """
    wait_for(UPDATES_SECONDS, "updates that are being installed here", _no_updates_are_installed, pause=2)
    with only_one_here(why):
        turn.begin(why, HELD_SECONDS)
        # From here on who finds the mark puts things right: `back` after the boot, `undo` where there is none.
        mark.write(why)
        if cluster.read().nodes[turn.NODE].mail:
            with drained():
                service.systemctl("stop", service.UNIT)
        log(why)
        done = subprocess.run(["systemctl", "reboot"], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(
                f"the host does not reboot: {done.stderr.strip()}", "systemctl list-jobs says what holds it up"
            )


def undo() -> None:
    """Whatever ended a run before the host went down: serve again, and let the next node go.

    Raises:
        Failed: another run is at work here and does not end, or the database is not available.
    """
    if not mark.is_of_this_boot():
        # Nothing was stopped; but the end may have come between the claim and the mark.
        if not _goes_down() and given_back():
            log("the turn that was taken is given back; nothing was stopped")
        return
    # Another run may have begun meanwhile, and have taken the claim over: neither meets the other.
    with only_one_here("put right a reboot that did not happen"):
        if _goes_down():
            return
        log("the reboot did not happen; serving again")
        if cluster.read().nodes[turn.NODE].mail:
            service.start()
        if holds():
            turn.give_back()
        mark.remove()


def _goes_down() -> bool:
    """A host that goes down ends the program too, in whatever it was about; after the boot `back` comes."""
    return service.systemctl("is-system-running") == "stopping"


def _no_updates_are_installed() -> bool:
    return service.systemctl("is-active", "apt-daily-upgrade") != "activating"
