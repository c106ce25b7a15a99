"""That this host goes down on purpose, for those who look when it is up again."""

import json
from pathlib import Path

FILE = Path("/var/lib/stalwart-cluster/reboot.json")
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def boot() -> str:
    """What tells one boot of a host from every other."""
    return _BOOT.read_text().strip()


def write(why: str) -> None:
    """Say so, for this boot and the next."""
    FILE.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = FILE.with_suffix(".new")
    temporary.write_text(json.dumps({"boot": boot(), "why": why}))
    temporary.rename(FILE)


def remove() -> None:
    """It is over."""
    FILE.unlink(missing_ok=True)


def is_of_this_boot() -> bool:
    """Whether the host was to go down and has not done so yet."""
    try:
        return bool(json.loads(FILE.read_text())["boot"] == boot())
    except (OSError, ValueError, KeyError):
        return False
