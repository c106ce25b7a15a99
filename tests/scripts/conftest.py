"""Scripts under bash in a mount namespace of their own: what they write lands in a folder of the test.

Programs they call are stand-ins on PATH that write down how they were called.
"""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.remote.script import Script

# Where scripts write. Nothing below reaches the machine.
_PLACES = ("/etc", "/var/lib", "/var/cache", "/usr/local", "/usr/sbin", "/run")


@dataclass(frozen=True)
class Done:
    """How a script ended, and what it said."""

    code: int
    out: str
    err: str


class Sandbox:
    """A host that consists of this machine's files and of what a test and its scripts wrote over them."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self.programs = place / "bin"
        self.programs.mkdir()
        self._calls = place / "calls"
        self._calls.touch()
        self._upper = place / "upper"
        for path in _PLACES:
            (self._upper / path.lstrip("/")).mkdir(parents=True)
            (place / "work" / path.lstrip("/")).mkdir(parents=True)

    def program(self, name: str, body: str = "") -> None:
        """Put a stand-in for a program on PATH."""
        path = self.programs / name
        path.write_text(f'#!/bin/bash\necho "{name} $*" >>{self._calls}\n{body}\n')
        path.chmod(0o755)

    def calls(self, name: str) -> list[str]:
        """How a program was called since the last look."""
        lines = self._calls.read_text().splitlines()
        return [line.removeprefix(f"{name} ") for line in lines if line.split(" ", 1)[0] == name]

    def file(self, path: str, text: str | None = None) -> Path:
        """A file as this host has it, written first when `text` is given."""
        real = self._upper / path.lstrip("/")
        if text is not None:
            real.parent.mkdir(parents=True, exist_ok=True)
            real.write_text(text)
        return real

    def written(self) -> dict[str, tuple[int, int]]:
        """Every file that lies over the machine's own: path -> modification time and inode."""
        files = (path for path in self._upper.rglob("*") if path.is_file())
        return {str(path.relative_to(self._upper)): (path.stat().st_mtime_ns, path.stat().st_ino) for path in files}

    def run(self, path: str, **values: str) -> Done:
        """Run one of the project's scripts."""
        return self.bash(self.payload(path, **values))

    def payload(self, path: str, **values: str) -> str:
        """What one of the project's scripts is sent as."""
        script = Script(path)
        script.check(values)
        return script.payload(values)

    def bash(self, payload: str) -> Done:
        """Run some bash."""
        mounts = [
            f"mount -t overlay overlay -o lowerdir={p},upperdir={self._upper}{p},workdir={self._place}/work{p} {p}"
            for p in _PLACES
        ]
        inside = " && ".join([*mounts, f"PATH={shlex.quote(str(self.programs))}:$PATH", "exec bash -s"])
        line = ["unshare", "--mount", "--propagation", "private", "bash", "-c", inside]
        done = subprocess.run(line, input=payload, capture_output=True, text=True, check=False, timeout=100)
        return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A host of the test's own."""
    if os.geteuid() != 0:
        pytest.skip("a mount namespace needs root")
    # An overlay cannot lie on every kind of file system; memory is one it can lie on.
    with tempfile.TemporaryDirectory(dir="/dev/shm", ignore_cleanup_errors=True) as place:  # private
        yield Sandbox(Path(place))
