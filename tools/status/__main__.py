"""The live state of a stack's nodes as a table. Reads `pulumi stack export --show-secrets` from standard input.

Changes nothing, and ends within half a minute also when nodes are dead: what cannot be seen is unknown.
Exit code 0 when all is as it should be, 1 when something is not, 2 when there is no stack to look at.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

from tools.status.nodes import look, targets, wanted_tolerance
from tools.status.table import render


def main() -> int:
    exported = json.load(sys.stdin)
    nodes = targets(exported)
    if not nodes:
        print("this stack has no nodes; `make up` makes them", file=sys.stderr)
        return 2
    with ThreadPoolExecutor(len(nodes)) as pool:
        seen = list(pool.map(look, nodes))
    text, well = render(seen, wanted_tolerance(exported))
    print(text)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
