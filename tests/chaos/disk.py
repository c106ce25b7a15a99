"""A disk of its own under a lab host's database: one that can be full, and one that can be slow.

Made while the host is off: the file system lies in a file on this machine and is mounted where the host has its
database, before the host boots.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LABS = Path("/var/lib/stalwart-cluster/lab")
DATABASE = "var/lib/foundationdb"
BLKIO = Path("/sys/fs/cgroup/blkio")


class Disk:
    """A small file system under the database of a host that is off now."""

    def __init__(self, lab: str, node: str, mebibytes: int) -> None:
        self.home = LABS / lab / node
        self.place = self.home / "root" / DATABASE
        self.image = self.home / "database.img"
        self._mebibytes = mebibytes

    def put_in(self) -> None:
        """Move the database onto it."""
        with self.image.open("wb") as file:
            file.truncate(self._mebibytes << 20)
        _run("mkfs.ext4", "-q", "-F", "-m", "0", str(self.image))
        kept = self.place.with_name("foundationdb.before")
        self.place.rename(kept)
        self.place.mkdir()
        _run("mount", "-o", "loop", str(self.image), str(self.place))
        shutil.rmtree(self.place / "lost+found")
        _run("cp", "-a", f"{kept}/.", str(self.place))
        shutil.rmtree(kept)

    def take_out(self) -> None:
        """Move the database back onto the host's own disk."""
        if not self.place.is_mount():
            return
        self.release()
        kept = self.place.with_name("foundationdb.after")
        _run("cp", "-a", str(self.place), str(kept))
        _run("umount", str(self.place))
        self.place.rmdir()
        kept.rename(self.place)
        self.image.unlink()

    def fill(self) -> None:
        """Leave not one block free."""
        with self._ballast.open("wb") as file:
            free = os.statvfs(self.place)
            while size := free.f_bavail * free.f_frsize:
                try:
                    os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), size)
                except OSError:  # what the file system needs for itself
                    break
                free = os.statvfs(self.place)
        left = os.statvfs(self.place)
        assert left.f_bavail * left.f_frsize < 1 << 20, "the disk is not full"

    def release(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)

    @property
    def _ballast(self) -> Path:
        return self.place / "ballast"

    @property
    def device(self) -> str:
        """Its block device, as `major:minor`."""
        number = self.place.stat().st_dev
        return f"{os.major(number)}:{os.minor(number)}"


@contextmanager
def slow(name: str, device: str, processes: list[int], writes_per_second: int) -> Iterator[None]:
    """Let some processes of this machine write to a device only so often. The kernel's own limit, for direct writes."""
    group = BLKIO / name
    group.mkdir()
    before = {process: _group_of(process) for process in processes}
    try:
        (group / "blkio.throttle.write_iops_device").write_text(f"{device} {writes_per_second}")
        for process in processes:
            (group / "cgroup.procs").write_text(str(process))
        yield
        served = (group / "blkio.throttle.io_serviced").read_text()
        assert f"{device} Write" in served, f"nothing was written to {device} in the group: {served}"
    finally:
        for process, was in before.items():
            if Path(f"/proc/{process}").exists():
                (BLKIO / was.lstrip("/") / "cgroup.procs").write_text(str(process))
        group.rmdir()


def _group_of(process: int) -> str:
    for line in Path(f"/proc/{process}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if "blkio" in controllers.split(","):
            return path
    raise AssertionError("this machine has no limit for devices")


def _run(*line: str) -> None:
    subprocess.run(line, check=True, capture_output=True)
