"""The turn for scripts in bash: `begin WHY`, then what takes the node down, then `end [RELEASE]`, or `abandon`."""

import sys

from lib.console import run
from lib.turn import turn


def main() -> None:
    match sys.argv[1:]:
        case ["begin", why]:
            turn.begin(why)
        case ["end", *release]:
            turn.come_back(*release)
            turn.give_back()
        case _:
            turn.give_back()


run(main)
