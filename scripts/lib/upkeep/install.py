"""Put the program of lib/upkeep/upkeep.py where its units run it."""

from lib import programs
from lib.console import run
from lib.upkeep import upkeep


def main() -> None:
    programs.place("upkeep", upkeep.__name__)


run(main)
