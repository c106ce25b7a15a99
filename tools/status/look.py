"""Ask everybody at the same time, and the mail cluster once; the whole ends within half a minute."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

from tools.status.exported import State, Wanted, wanted
from tools.status.nodes import NODE_SECONDS, Seen, ask, look, targets

WHOLE_SECONDS = 28.0
_LEAST_SECONDS = 3.0
_MAIL_SECONDS = 12.0


@dataclass(frozen=True)
class View:
    """What was seen, and what the stack wants."""

    wanted: Wanted
    nodes: tuple[Seen, ...]
    mail: Mapping[str, Any] | None = None
    """What the mail cluster said; None where no node could be asked."""

    mail_trouble: str = ""


def view(exported: State) -> View:
    """Look at a stack; no nodes where there is none."""
    end = time.monotonic() + WHOLE_SECONDS
    want, nodes = wanted(exported), targets(exported)
    if not nodes:
        return View(want, ())
    seen: dict[str, Seen] = {}
    mail = Seen(nodes[0], None)
    with ThreadPoolExecutor(len(nodes)) as pool:
        for done in as_completed([pool.submit(look, target, want.wish, NODE_SECONDS) for target in nodes]):
            one = done.result()
            seen[one.target.name] = one
            # The first that answers is asked for all of them; another one only when it could not say.
            left = end - time.monotonic()
            if mail.found is None and left > _LEAST_SECONDS and want.admin_password and _has_mail(one):
                mail = _ask_mail(one, want, min(left, _MAIL_SECONDS))
    return View(want, tuple(seen[target.name] for target in nodes), mail.found, mail.trouble)


def _has_mail(one: Seen) -> bool:
    return one.found is not None and one.found["units"].get("stalwart") == "active"


def _ask_mail(one: Seen, want: Wanted, seconds: float) -> Seen:
    values = {
        "WISH": want.wish,
        "DIRECTORY": want.directory,
        "SIGNING_TEXTS": want.signing_texts,
        "ACCOUNTS": want.accounts,
        "ADMIN_PASSWORD": want.admin_password,
    }
    answer = ask(one.target, "status/mail.py", values, seconds)
    trouble = (answer.found or {}).get("trouble")
    if trouble and answer.found and answer.found.get("login") is None:
        return Seen(one.target, None, str(trouble))
    return answer
