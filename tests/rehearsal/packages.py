"""A mirror with the stand-in packages, made once per state of their sources."""

import hashlib
import os
import shutil
from pathlib import Path

from tests.standins.foundationdb.package import build as build_foundationdb
from tests.standins.stalwart.package import LIBRARY, RESOLVER
from tests.standins.stalwart.package import build as build_stalwart

STANDINS = Path(__file__).parents[1] / "standins"


def mirror(home: Path, foundationdb: str, stalwart: str, *newer: tuple[str, str]) -> Path:
    """A folder laid out as a mirror, with one pair of releases, or with newer pairs beside it.

    TEST_MIRROR names one with the published packages, so that the same tests run against the real servers.
    """
    if published := os.environ.get("TEST_MIRROR"):
        return Path(published)
    pairs = ((foundationdb, stalwart), *newer)
    place = home / "-".join(["mirror", _digest(), *(release for pair in pairs for release in pair)])
    if not place.exists():
        making = place.with_suffix(".making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        for database, mail in pairs:
            build_foundationdb(making, database)
            build_stalwart(making, mail)
        making.rename(place)
    return place


def _digest() -> str:
    found = (path for kind in ("foundationdb", "stalwart") for path in (STANDINS / kind).rglob("*"))
    files = sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)
    whole = b"\0".join(str(path).encode() + path.read_bytes() for path in [*files, LIBRARY / RESOLVER])
    return hashlib.sha256(whole).hexdigest()[:12]
