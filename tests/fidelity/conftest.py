"""Stand-ins running on loopback, as processes of their own."""

import contextlib
import io
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.standins.foundationdb import cli

ROOT = Path(__file__).parents[2]


class Cluster:
    """Database processes of the stand-in, one zone each."""

    def __init__(self, place: Path, count: int) -> None:
        self.addresses = [f"127.0.0.1:{_free_port()}" for _ in range(count)]
        self.place = place
        self.file = place / "client" / "fdb.cluster"
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        for address in self.addresses:
            self.start(address)
        self.file.parent.mkdir()
        self.file.write_text(f"mail:0123456789abcdef@{self.addresses[0]}\n")

    def start(self, address: str, release: str = "7.4.6", /, **knobs: int) -> None:
        """Start one process, on the files it had."""
        home = self.place / address.replace(":", "-")
        home.mkdir(exist_ok=True)
        file = home / "fdb.cluster"
        if not file.exists():
            file.write_text(f"mail:0123456789abcdef@{self.addresses[0]}\n")
        options: dict[str, object] = {
            "public-address": address,
            "cluster-file": file,
            "datadir": home / "data",
            "locality-zoneid": f"n{self.addresses.index(address) + 1}",
            "release": release,
        }
        options |= {f"knob_{knob}": value for knob, value in knobs.items()}
        line = [f"--{key}={value}" for key, value in options.items()]
        code = "import sys; from tests.standins.foundationdb.server import main; main(sys.argv[1:])"
        self.running[address] = subprocess.Popen([sys.executable, "-c", code, *line], cwd=ROOT)
        _until(lambda: _listens(address), f"{address} to listen")

    def kill(self, address: str) -> None:
        """Cut one process off, as a power cut would."""
        process = self.running.pop(address)
        process.kill()
        process.wait()

    def run(
        self, command: str, *, seconds: int = 20, status: bool = False, release: str = "7.4.6"
    ) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of fdbcli."""
        line = ["-C", str(self.file), "--timeout", str(seconds), "--exec", command, f"--release={release}"]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.main(line if status else [*line, "--no-status"])
        return code, out.getvalue(), err.getvalue()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(address: str) -> bool:
    host, port = address.split(":")
    with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 1):
        return True
    return False


def _until(condition: Callable[[], bool], what: str, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"gave up waiting for {what}"
        time.sleep(0.05)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Callable[[int], Cluster]]:
    """Make clusters of some processes; all end with the test."""
    made: list[Cluster] = []

    def make(count: int) -> Cluster:
        place = tmp_path / f"cluster{len(made)}"
        place.mkdir()
        made.append(Cluster(place, count))
        return made[-1]

    yield make
    for one in made:
        for address in list(one.running):
            one.kill(address)


@pytest.fixture
def until() -> Callable[[Callable[[], bool], str], None]:
    """Wait for a condition, with a name and a bound."""
    return _until
