"""Memory of a lab: what the processes of its hosts hold, shared pages counted once."""

from pathlib import Path

LABS = Path("/var/lib/stalwart-cluster/lab")


def lab_mebibytes(lab: str) -> int:
    """Proportional set size of all processes of a lab's hosts, MiB."""
    roots = [int(path.read_text().split()[0]) for path in (LABS / lab).glob("*/process")]
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rsplit(") ", 1)[1].split()[1])
        except OSError:
            continue  # it ended meanwhile
        children.setdefault(parent, []).append(int(status.parent.name))
    pending, total = roots, 0
    while pending:
        process = pending.pop()
        pending += children.get(process, [])
        total += _kibibytes(process)
    return total // 1024


def _kibibytes(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
