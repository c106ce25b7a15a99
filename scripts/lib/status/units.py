"""The services of this node: whether systemd runs them, starts them at boot, and with what they were started."""

import subprocess
import time
from pathlib import Path

UNITS = (
    "foundationdb",
    "nats-server",
    "stalwart",
    "stalwart-repeat",
    "stalwart-probe",
    "stalwart-egress-gateway",
    "stalwart-egress-redirect",
)

_COMMAND_SECONDS = 5

# What a service reads at its start only; the link is its release.
_READ_AT_START = {
    "foundationdb": (Path("/etc/foundationdb/foundationdb.conf"),),
    "stalwart": (
        Path("/etc/stalwart/config.json"),
        Path("/etc/stalwart/stalwart.env"),
        Path("/usr/local/bin/stalwart"),
    ),
}


def said(*line: str) -> str:
    """What a program says; empty when it cannot be run or takes too long."""
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def release_of(package: str) -> str:
    """The release of an installed package, with Debian's revision; empty where it is not installed."""
    return said("dpkg-query", "-W", "-f", "${Version}", package)


def state(unit: str) -> str:
    """active, failed, inactive and so on; missing where the unit is not installed."""
    if said("systemctl", "show", "-P", "LoadState", unit) == "not-found":
        return "missing"
    return said("systemctl", "is-active", unit) or "unknown"


def at_boot(unit: str) -> str:
    """enabled, disabled, masked and so on."""
    return said("systemctl", "is-enabled", unit) or "unknown"


def pending_restart(unit: str) -> list[str]:
    """What changed since the service was started and is taken up at a start only."""
    found = []
    if said("systemctl", "show", "-P", "NeedDaemonReload", unit) == "yes":
        found.append("its unit file")
    started = _started(said("systemctl", "show", "-P", "MainPID", unit))
    if started is not None:
        # The age of a process is known to the second.
        files = _READ_AT_START.get(unit, ())
        found += [str(path) for path in files if _written(path) > started + 1]
    return found


def _started(process: str) -> float | None:
    age = said("ps", "-o", "etimes=", "-p", process) if process not in {"", "0"} else ""
    return time.time() - int(age) if age.isdigit() else None


def _written(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0
