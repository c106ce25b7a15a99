"""Verify the delivery of mail of a stack. Reads `pulumi stack export --show-secrets` from standard input.

Exit code 0 when all checks that could be made are right, 1 when one is wrong, 2 when there is no stack to verify.
"""

import json
import sys

from tools.report import asked
from tools.verify.catalogue import WRONG, every
from tools.verify.course import verify
from tools.verify.stack import stack
from tools.verify.table import document, render

WELL, WRONG_SOMEWHERE, NO_STACK = 0, 1, 2


def main() -> int:
    exported, as_json = asked("tools.verify", __doc__)
    found = stack(exported)
    if found is None:
        print("this stack was not proved yet; `make up` brings it up", file=sys.stderr)
        return NO_STACK
    checks = every(verify(found), "another check failed before it")
    print(json.dumps(document(checks, found.rehearsal), indent=2) if as_json else render(checks, found.rehearsal))
    return WRONG_SOMEWHERE if any(check.result == WRONG for check in checks) else WELL


if __name__ == "__main__":
    sys.exit(main())
