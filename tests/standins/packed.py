"""Packages that are the same, byte for byte, whenever they are made from the same sources.

A release does not change under its name: hosts compare digests, and refuse another file than the first.
"""

import gzip
import io
import os
import tarfile
import zipapp
from pathlib import Path

# The first moment that a zip can hold, whatever the time zone.
_MADE = 315_705_600  # 1980-01-03


def program(source: Path, target: Path) -> None:
    """One executable from a folder of Python files."""
    for path in source.rglob("*"):
        os.utime(path, (_MADE, _MADE))
    zipapp.create_archive(source, target, interpreter="/usr/bin/python3")
    target.chmod(0o755)


def archive(name: str, content: bytes, target: Path) -> None:
    """A tar.gz with one executable; it is there whole or not at all."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o755
    temporary = target.with_suffix(".new")
    with (
        temporary.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as written,
    ):
        written.addfile(member, io.BytesIO(content))
    temporary.rename(target)
