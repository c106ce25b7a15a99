"""Put a program of lib/egress where its unit runs it; prints the digest of all its files."""

import hashlib
import sys

from lib import programs
from lib.console import run
from lib.egress import gateway, redirect

_MODULES = {"gateway": gateway, "redirect": redirect}


def main() -> None:
    name = sys.argv[1]
    folder = programs.place(f"egress-{name}", _MODULES[name].__name__)
    files = sorted(path for path in folder.rglob("*.py"))
    print(hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:12])


run(main)
