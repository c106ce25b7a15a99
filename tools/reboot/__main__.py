"""Reboot the nodes of a stack, each in its turn. Reads `pulumi stack export --show-secrets` from standard input.

Arguments name the nodes; without any, all are rebooted. Exit code 0 when all are back, 1 when one is not, 2 when there
is no such node or no stack. Stops at the first that is refused or does not come back.
"""

import sys

from tools.reboot.roll import Stopped, roll
from tools.report import exported
from tools.status.nodes import targets


def main() -> int:
    every = {target.name: target for target in targets(exported())}
    if not every:
        print("this stack has no nodes; `make up` makes them", file=sys.stderr)
        return 2
    names = sys.argv[1:] or list(every)
    if unknown := [name for name in names if name not in every]:
        print(f"this stack has no node {', '.join(unknown)}; it has {', '.join(every)}", file=sys.stderr)
        return 2
    try:
        roll([every[name] for name in names])
    except Stopped as stopped:
        print(f"error: {stopped}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; a reboot that was begun goes on by itself", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
