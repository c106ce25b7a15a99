"""What differs in accounts, groups and lists: how many and which. Of passwords nothing is known and nothing said."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tools.status.differences.certificate import DAYS
from tools.status.differences.difference import MEND, Difference, Subject
from tools.status.look import View

_SHOWN = 10
_SOON = timedelta(days=DAYS)


def differences(view: View) -> Iterator[Difference]:
    """One sentence for each way to differ, however many there are."""
    yield from _ending(json.loads(view.wanted.accounts)["accounts"], datetime.now(UTC))
    found = (view.mail or {}).get("accounts")
    if not found:
        return
    if missing := found["missing"]:
        yield Difference(Subject.ACCOUNT, f"the mail server lacks {_listed(missing)}", MEND)
    if different := found["different"]:
        yield Difference(Subject.ACCOUNT, f"differ from the stack file: {_listed(different)}", MEND)
    if disabled := found["disabled"]:
        text = f"disabled by hand: {_listed(disabled)}"
        remedy = "not touched: allow the login again in the web page, or say enabled: false in the stack file"
        yield Difference(Subject.ACCOUNT, text, remedy)
    if left := found["left"]:
        text = f"no longer in the stack file, and kept with all their mail: {_listed(left)}"
        yield Difference(Subject.ACCOUNT, text, "docs/mail.md, Accounts", grave=False)


def _ending(accounts: Iterable[Mapping[str, Any]], now: datetime) -> Iterator[Difference]:
    """Keys of people that mail is encrypted with: soon the server cannot, and they have to do something themselves."""
    ends = {
        one["address"]: datetime.fromisoformat(one["encrypt"]["until"])
        for one in accounts
        if (one.get("encrypt") or {}).get("until")
    }
    if late := [f"{address} ({end:%Y-%m-%d})" for address, end in sorted(ends.items()) if end - now < _SOON]:
        text = f"keys that mail is encrypted with end, or have ended: {_listed(late)}"
        remedy = "put longer ones into accounts.<address>.encrypt and run pulumi up: docs/mail.md, Encrypted mailboxes"
        yield Difference(Subject.ACCOUNT, text, remedy)


def _listed(names: Sequence[str]) -> str:
    """`3: a, b, c`, and not all of a thousand."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{len(names)}: {', '.join(names[:_SHOWN])}{more}" if len(names) > 1 else names[0]
