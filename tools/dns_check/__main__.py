"""The records of the mail domains: right, missing or different. Reads `pulumi stack export --show-secrets` from stdin.

Asks the domains' own name servers and the resolvers of the stack file. Changes nothing, and ends within a minute also
when nobody answers. Exit code 0 when all is right, 1 when something is not, 2 when there is no stack to look at.
"""

import json
import sys

from tools.dns_check.document import document
from tools.dns_check.look import look
from tools.dns_check.table import render
from tools.dns_check.wanted import wanted
from tools.report import asked

RIGHT, WRONG, NO_STACK = 0, 1, 2


def main() -> int:
    exported, as_json = asked("tools.dns_check", __doc__)
    want = wanted(exported)
    if want is None:
        print("this stack has told no records yet; `make up` does", file=sys.stderr)
        return NO_STACK
    seen = look(want)
    print(json.dumps(document(seen), indent=2) if as_json else render(seen))
    return RIGHT if seen.right else WRONG


if __name__ == "__main__":
    sys.exit(main())
