"""Which boot of this host it is, and whether it is down on purpose or not back yet: one JSON document."""

import json
import subprocess
from os import environ

from lib.console import run
from lib.upkeep import mark

NODE = environ["NODE"]
_BACK = "stalwart-cluster-back"


def main() -> None:
    print(json.dumps({"boot": mark.boot(), "rebooting": mark.FILE.exists(), "last_words": last_words()}))


def last_words() -> str:
    """What the unit that gives the turn back said last in this boot."""
    line = ["journalctl", "-t", _BACK, "-b", "-n", "1", "-o", "cat", "--no-pager"]
    return subprocess.run(line, capture_output=True, text=True, check=False).stdout.strip()


run(main)
