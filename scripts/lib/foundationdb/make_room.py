"""Move the coordination off an address whose machine is new: `make_room.py IP:PORT`, on that machine."""

import sys

from lib.console import run
from lib.foundationdb.coordinators import move_off


def main() -> None:
    (address,) = sys.argv[1:]
    move_off(address)


run(main)
