"""The client libraries of the database in this process: the one it is linked with, those of the multi-version client.

Each speaks one line, and what lies in the place of one later changes nothing for a process that runs.
"""

import mmap
import os
from pathlib import Path

from ..foundationdb.wire import line_of

_DIRECTORY = "FDB_NETWORK_OPTION_EXTERNAL_CLIENT_DIRECTORY"
_loaded: list[mmap.mmap] = []


def lines(own: Path) -> tuple[str, ...]:
    """The lines that this process speaks, its own first.

    Raises:
        OSError: the folder of the others is not there; the real one does not start either.
    """
    others = os.environ.get(_DIRECTORY)
    found = [own, *(sorted(path for path in Path(others).iterdir() if path.suffix == ".so") if others else ())]
    return tuple(dict.fromkeys(_load(path) for path in found))


def _load(path: Path) -> str:
    """Kept in memory, as a library is: the kernel shows it among the process's files."""
    with path.open("rb") as file:
        _loaded.append(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))
    return line_of(path.read_text().split()[-1])
