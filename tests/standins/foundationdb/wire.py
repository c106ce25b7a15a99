"""One request, one answer, one line of JSON each; and the cluster file that says whom to ask."""

import json
import os
import socket
from pathlib import Path
from typing import Any

Message = dict[str, Any]


def line_of(release: str) -> str:
    """`7.4.6` -> `7.4`: only processes and clients of one line understand each other."""
    return release.rpartition(".")[0]


def ask(address: str, message: Message, seconds: float = 1.0) -> Message:
    """Send a message to a process and return its answer.

    Raises:
        OSError: nobody answers in time.
    """
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=seconds) as connection:
        connection.settimeout(seconds)
        with connection.makefile("rwb") as stream:
            stream.write(json.dumps(message).encode() + b"\n")
            stream.flush()
            line = stream.readline()
    if not line:
        raise ConnectionError(f"{address} hung up")
    answer: Message = json.loads(line)
    return answer


class ClusterFile:
    """A cluster file that its reader may have to rewrite, as every client of the real one does."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    @property
    def string(self) -> str:
        """The connection string: `description:id@ip:port,...`."""
        lines = (line.strip() for line in self.path.read_text().splitlines())
        return next(line for line in lines if line and not line.startswith("#"))

    @property
    def identity(self) -> str:
        """Description and id: what coordinators go by."""
        return self.string.split("@")[0]

    @property
    def coordinators(self) -> list[str]:
        """Addresses of the coordinators."""
        return self.string.split("@", 1)[1].split(",")

    def rewrite(self, string: str) -> bool:
        """Replace the string, keeping owner and mode; false where the file or its folder cannot be written."""
        if string == self.string:
            return True
        there = self.path.stat()
        temporary = self.path.with_name(f"{os.getpid()}.tmp")
        try:
            temporary.write_text(
                f"# DO NOT EDIT!\n# This file is auto-generated, it is not to be edited by hand\n{string}\n"
            )
            os.chown(temporary, there.st_uid, there.st_gid)
            temporary.chmod(there.st_mode & 0o777)
            temporary.rename(self.path)
        except OSError:
            temporary.unlink(missing_ok=True)
            return False
        return True
