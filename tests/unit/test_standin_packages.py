"""The packages of a rehearsal are those of a release: the same file whenever they are made."""

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from tests.standins.foundationdb.package import build as build_foundationdb
from tests.standins.stalwart.package import build as build_stalwart

_copy = shutil.copy


def digests(folder: Path) -> dict[str, str]:
    build_foundationdb(folder, "7.4.6")
    build_stalwart(folder, "0.16.27")
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_packages_that_are_made_again_have_the_digests_they_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another release of one of the two makes both again, and hosts refuse another file under the same name."""
    first = digests(tmp_path / "first")

    def copied_long_ago(source: Path, target: Path) -> Path:
        made = Path(_copy(source, target))
        files = [made / source.name] if made.is_dir() else [made]
        for file in files:
            os.utime(file, (1_000_000_000, 1_000_000_000))
        return made

    monkeypatch.setattr(shutil, "copy", copied_long_ago)
    assert digests(tmp_path / "again") == first
    assert len(first) == 5
