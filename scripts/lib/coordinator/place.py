"""Put the program of lib/coordinator/repeat.py where its unit runs it; prints the digest of all its files."""

import hashlib

from lib import programs
from lib.console import run
from lib.coordinator import repeat


def main() -> None:
    folder = programs.place("repeat", repeat.__name__)
    files = sorted(path for path in folder.rglob("*.py"))
    print(hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:12])


run(main)
