"""Whether this host wants a reboot after an update, and which services still run with libraries that were replaced."""

import re
import subprocess
from pathlib import Path

REBOOT_REQUIRED = Path("/run/reboot-required")
UNITS = ("foundationdb", "nats-server", "stalwart")

_CGROUPS = Path("/sys/fs/cgroup")
# A file of the system that is mapped to be run, and was removed or replaced since.
_REPLACED = re.compile(r" \S*x\S* .*\s(/usr/\S*|/lib\S*) \(deleted\)$")


def reboot_is_required() -> bool:
    """Whether an update left word that only a reboot makes it count."""
    return REBOOT_REQUIRED.exists()


def outdated() -> list[str]:
    """The units of ours that run with replaced libraries."""
    return [unit for unit in UNITS if any(replaced(_maps(process)) for process in _processes(unit))]


def replaced(maps: str) -> list[str]:
    """The replaced files in what /proc says of a process's memory."""
    return sorted({found[1] for line in maps.splitlines() if (found := _REPLACED.search(line))})


def _processes(unit: str) -> list[str]:
    line = ["systemctl", "show", "-P", "ControlGroup", unit]
    group = subprocess.run(line, capture_output=True, text=True, check=False).stdout.strip()
    for place in (_CGROUPS, _CGROUPS / "systemd", _CGROUPS / "unified"):
        file = place / group.lstrip("/") / "cgroup.procs"
        if group and file.is_file():
            return file.read_text().split()
    return []


def _maps(process: str) -> str:
    try:
        return (Path("/proc") / process / "maps").read_text()
    except OSError:
        return ""
