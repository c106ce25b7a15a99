"""The program that units of systemd run on a host: reboot it in turn, come back after that, renew after updates."""

import os
import signal
import sys
from types import FrameType

from lib.console import Failed
from lib.turn.turn import NODE
from lib.upkeep import mark
from lib.upkeep.back import back
from lib.upkeep.interrupted import interrupted
from lib.upkeep.reboot import reboot, undo
from lib.upkeep.renew import renew


def main() -> None:
    """One action, named by the unit.

    Raises:
        Failed: what the action could not do.
    """
    signal.signal(signal.SIGTERM, _interrupted)
    match sys.argv[1:]:
        case ["reboot"]:
            reboot(f"reboot {NODE}")
        case ["renew"]:
            renew()
        case ["back"] if mark.FILE.exists():
            back()
        case ["back"]:
            interrupted()
        case ["undo"] if os.environ.get("SERVICE_RESULT") == "success":
            pass
        case ["undo"]:
            undo()
        case unknown:
            raise Failed(f"unknown action {' '.join(unknown)}", "reboot, renew, back or undo")


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    """End as by a person's Ctrl-C, so that what was taken is given back; that is not interrupted once more."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
