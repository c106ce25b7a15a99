"""The client library of the database in this process, which speaks one line.

What lies in its place later changes nothing for a process that runs.
"""

import mmap
import os
from pathlib import Path

from ..foundationdb.wire import line_of

_SEVERAL = "FDB_NETWORK_OPTION_EXTERNAL_CLIENT_DIRECTORY"
_loaded: list[mmap.mmap] = []


class NotStartedError(Exception):
    """The server does not start, and says why."""


def loaded(own: Path) -> str:
    """The line of the library that the system finds, in the folders of LD_LIBRARY_PATH before its own place.

    Raises:
        NotStartedError: the client shall have several lines. It ends the first transaction when it knows which to take,
            and the server tries its first one only once (0.16.19).
    """
    if os.environ.get(_SEVERAL):
        raise NotStartedError(
            "Startup failed: Failed to iterate store: FoundationDB error (store.foundationdb-error):"
            " reason = The protocol version of the cluster has changed, code = 1039"
        )
    folders = (Path(folder) for folder in os.environ.get("LD_LIBRARY_PATH", "").split(":") if folder)
    places = (folder / own.name for folder in folders)
    found = next((place for place in places if place.exists()), own)
    # Kept in memory, as a library is: the kernel shows it among the process's files.
    with found.open("rb") as file:
        _loaded.append(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))
    return line_of(found.read_text().split()[-1])
