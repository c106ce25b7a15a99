"""Debian's own cryptsetup, clevis and tang do what the scripts expect of them. Everything but opening the disk in the
kernel: that needs its device mapper, and opening by a key is tried without it.
"""

import json
import shutil
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.remote.script import Script
from tests.scripts.conftest import Sandbox, sandbox

__all__ = ["sandbox"]

TANGD = Path("/usr/libexec/tangd")
KEY = "OfLettersAndDigits0123456789"
NEEDED = [name for name in ("cryptsetup", "clevis", "jose", "curl") if shutil.which(name)]
pytestmark = pytest.mark.skipif(
    len(NEEDED) < 4 or not TANGD.exists(), reason="Debian's cryptsetup-bin, clevis-luks, tang and jose"
)


class Tang(socketserver.ThreadingTCPServer):
    """tangd as systemd runs it: a process per connection, with the connection as standard input and output."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address: str, port: int, keys: Path) -> None:
        keys.mkdir(exist_ok=True)
        self.keys = keys
        super().__init__((address, port), _Asked)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Asked(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Tang)
        line = [str(TANGD), str(self.server.keys)]
        subprocess.run(line, stdin=self.request, stdout=self.request, stderr=subprocess.DEVNULL, check=False)


@pytest.fixture
def others(tmp_path: Path) -> Iterator[list[Tang]]:
    """Two nodes that answer, on one port of two addresses."""
    first = Tang("127.0.0.2", 0, tmp_path / "keys-2")
    second = Tang("127.0.0.3", first.server_address[1], tmp_path / "keys-3")
    yield [first, second]
    for server in (first, second):
        server.shutdown()
        server.server_close()


def thumbprint(host: Sandbox, server: Tang) -> str:
    """As the preparing of a host tells it."""
    address, port = server.server_address[:2]
    text = Script("lib/common.sh").text + Script("lib/host/tang.sh").text
    done = host.bash(f"ADDRESS={address!s} TANG_PORT={port}\n{text}\nown_thumbprint\n")
    assert done.code == 0, done.err
    return done.out.strip()


def library(disk: Path) -> str:
    """The functions about a disk, for a file in place of one: what the kernel does with disks is left out."""
    given = f"NODE=mx1 DISK_KEY={KEY} DEVICE={disk}\n"
    text = Script("lib/common.sh").text + Script("lib/host/encrypted.sh").text
    return f"{given}{text}\ninstall_packages() {{ :; }}\nlsblk() {{ echo disk; }}\n"


def opens(disk: Path, key: bytes) -> bool:
    line = ["cryptsetup", "open", "--test-passphrase", "--key-file=-", str(disk)]
    return subprocess.run(line, input=key, capture_output=True, check=False).returncode == 0


def slots(disk: Path) -> list[str]:
    line = ["clevis", "luks", "list", "-d", str(disk)]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout.splitlines()


def test_a_disk_is_opened_by_any_other_node_and_by_the_key_and_by_nobody_else(
    sandbox: Sandbox,  # a fixture
    others: list[Tang],
    tmp_path: Path,
) -> None:
    disk = tmp_path / "disk"
    with disk.open("wb") as file:
        file.truncate(32 << 20)
    done = sandbox.bash(f"{library(disk)}\nmake_file_system() {{ :; }}\nOPENED=/dev/loop0\nopen_encrypted\n")
    assert done.code == 0, done.err
    assert opens(disk, KEY.encode())
    assert not opens(disk, b"another")

    port = str(others[0].server_address[1])
    shares = "\n".join(f"{server.server_address[0]!s} {thumbprint(sandbox, server)}" for server in others)
    values = {"NODE": "mx1", "DEVICE": str(disk), "DISK_KEY": KEY, "TANG_PORT": port, "THRESHOLD": "1"}
    sandbox.file("/var/lib/stalwart-cluster/here", "")
    done = sandbox.run("host/unlock.sh", SHARES=shares, **values)
    assert done.code == 0, done.err
    (slot,) = slots(disk)
    policy = json.loads(slot.split("'")[1])
    assert policy["t"] == 1
    assert len(policy["pins"]["tang"]) == 2

    # One of the two is gone, and the other opens it.
    others[0].shutdown()
    others[0].server_close()
    line = ["clevis", "luks", "pass", "-d", str(disk), "-s", slot.split(":")[0]]
    found = subprocess.run(line, capture_output=True, check=False)
    assert opens(disk, found.stdout)

    # A stranger at the address of a node does not get a part.
    stranger = Tang("127.0.0.2", int(port), tmp_path / "keys-of-a-stranger")
    done = sandbox.run("host/unlock.sh", SHARES=shares, **{**values, "THRESHOLD": "2"})
    stranger.shutdown()
    stranger.server_close()
    assert done.code == 1
    assert "the other nodes did not give their parts of the key" in done.err
    assert slots(disk) == [slot]

    # Without any of them nobody opens it.
    others[1].shutdown()
    others[1].server_close()
    found = subprocess.run(line, capture_output=True, check=False)
    assert found.returncode != 0
    assert not opens(disk, found.stdout)


def test_a_disk_that_holds_something_is_known_by_what_is_on_it(sandbox: Sandbox, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    for made, told in (
        (["mkfs.ext4", "-q", "-F"], "holds something: ext4"),
        (["dd", "if=/dev/urandom", "bs=1M", "count=1", "seek=8", "conv=notrunc", "status=none"], "not all zero"),
    ):
        disk.write_bytes(b"")
        with disk.open("r+b") as file:
            file.truncate(32 << 20)
        target = f"of={disk}" if made[0] == "dd" else str(disk)
        subprocess.run([*made, target], check=True)
        before = disk.read_bytes()
        done = sandbox.bash(f"{library(disk)}\nopen_encrypted\n")
        assert done.code == 1
        assert told in done.err
        assert disk.read_bytes() == before
