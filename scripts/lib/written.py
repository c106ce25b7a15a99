"""What the files that scripts wrote on this host were like when they were written, so that a change by hand shows.

A note per file, in a tree of its own out of reach of others: digest, rights, owner and group. lib/common.sh writes the
same. Between our marks, where a file has them, the lines are ours; elsewhere the whole file is.
"""

import hashlib
import shutil
from collections.abc import Callable
from grp import getgrgid
from pathlib import Path
from pwd import getpwuid
from typing import Any

NOTES = Path("/var/lib/stalwart-cluster/written")

# Only on the host of a node: scripts also run on the machine of who works on the stack.
OWNER = Path("/etc/stalwart-cluster/owner.json")

_BEGIN, _END = b"# stalwart-cluster begin", b"# stalwart-cluster end"


def note(path: Path) -> None:
    """Keep what a file is like that was just written."""
    if not OWNER.exists():
        return
    kept, text = _note_of(path), f"{_digest(path)} {_access(path)}\n"
    if kept.is_file() and kept.read_text() == text:
        return
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept.touch(mode=0o600)
    kept.write_text(text)


def forget(path: Path) -> None:
    """Keep nothing any more of a file, or of a folder and all below it, that was removed."""
    kept = _note_of(path)
    if kept.is_dir():
        shutil.rmtree(kept)
    else:
        kept.unlink(missing_ok=True)


def changed_by_hand() -> dict[str, str]:
    """Path -> what is not as it was written: gone, edited, or rights."""
    found = {}
    for kept in sorted(NOTES.rglob("*")):
        if not kept.is_file():
            continue
        path = Path("/") / kept.relative_to(NOTES)
        digest, access = kept.read_text().strip().split(" ", 1)
        if not path.is_file():
            found[str(path)] = "gone"
        elif _digest(path) != digest:
            found[str(path)] = "edited"
        elif _access(path) != access:
            found[str(path)] = f"rights {_access(path)} instead of {access}"
    return found


def _note_of(path: Path) -> Path:
    return NOTES / path.relative_to("/")


def _digest(path: Path) -> str:
    ours: list[bytes] = []
    for line in path.read_bytes().removesuffix(b"\n").split(b"\n"):
        if line == _BEGIN:
            ours.clear()
        ours.append(line)
        if line == _END:
            break
    return hashlib.sha256(b"".join(line + b"\n" for line in ours)).hexdigest()


def _access(path: Path) -> str:
    """As `stat -c '%a %U:%G'` says it."""
    status = path.stat()
    return f"{status.st_mode & 0o7777:o} {_name(getpwuid, status.st_uid)}:{_name(getgrgid, status.st_gid)}"


def _name(look_up: Callable[[int], tuple[Any, ...]], number: int) -> str:
    try:
        return str(look_up(number)[0])
    except KeyError:
        return "UNKNOWN"
