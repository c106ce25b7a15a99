"""Start the reboot of this host in its turn; one JSON document: whether it began, and what was said against it.

Whoever asked may lose the connection before the answer: then the host goes down.
"""

import json
import subprocess
import time
from os import environ

from lib.console import Failed, run
from lib.upkeep import mark

NODE = environ["NODE"]
UNIT = "stalwart-cluster-reboot"


def main() -> None:
    if said("systemctl", "show", "-P", "LoadState", UNIT) != "loaded":
        raise Failed(f"{NODE} has no unit {UNIT}", "make up installs it")
    began = int(time.time())
    # A host that goes down cancels the start of the very unit that asked for it: the mark tells.
    done = subprocess.run(["systemctl", "start", UNIT], capture_output=True, check=False)
    goes = done.returncode == 0 or mark.is_of_this_boot()
    against = "" if goes else said("journalctl", "-t", UNIT, "--since", f"@{began}", "-o", "cat", "--no-pager")
    print(json.dumps({"began": goes, "against": against}))


def said(*line: str) -> str:
    """What a program says."""
    return subprocess.run(line, capture_output=True, text=True, check=False).stdout.strip()


run(main)
