"""The live state of a stack, and what differs from the stack. Reads `pulumi stack export --show-secrets` from stdin.

Changes nothing, and ends within half a minute also when nodes are dead: what cannot be seen is unknown.
Exit code 0 when all is as it should be, 1 when something is not, 2 when there is no stack to look at.
"""

import json
import sys

from tools.report import asked
from tools.status.differences import differences
from tools.status.document import document
from tools.status.look import view
from tools.status.table import render

WELL, DIFFERS, NO_STACK = 0, 1, 2


def main() -> int:
    exported, as_json = asked("tools.status", __doc__)
    seen = view(exported)
    if not seen.nodes:
        print("this stack has no nodes; `make up` makes them", file=sys.stderr)
        return NO_STACK
    found = differences(seen)
    print(json.dumps(document(seen, found), indent=2) if as_json else render(seen, found))
    return DIFFERS if any(difference.grave for difference in found) else WELL


if __name__ == "__main__":
    sys.exit(main())
