"""Whether the world shows the records of signing keys: asked of the name servers that hold the domain."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from dns.rdatatype import TXT
from lib.console import log
from lib.dns.ask import Answer, Names, NoAnswer, Place

_AT_ONCE = 8
_PAUSE_SECONDS = 5.0
# More say the same and cost time.
_MOST_SERVERS = 6

Record = tuple[str, str]
"""Domain and selector."""


def unshown(texts: Mapping[Record, str], names: Names, seconds: float) -> dict[Record, str]:
    """The records that are not shown everywhere after some time, with the reason.

    Args:
        texts: record -> its text.
        seconds: how long it is looked again; once at least.
    """
    end = time.monotonic() + seconds
    left = dict(texts)
    while True:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            asked = [pool.submit(trouble, domain, selector, text, names) for (domain, selector), text in left.items()]
            found = [one.result() for one in asked]
        why = {record: reason for record, reason in zip(left, found, strict=True) if reason}
        left = {record: left[record] for record in why}
        if not left or time.monotonic() + _PAUSE_SECONDS > end:
            return why
        if len(left) == len(texts):
            log(f"waiting until the world shows {len(left)} records of signing keys (at most {seconds:.0f} s)")
        time.sleep(_PAUSE_SECONDS)


def trouble(domain: str, selector: str, text: str, names: Names) -> str:
    """Why a record is not shown; empty if it is: by every name server of the domain that answers, and by one at least.

    Where none of them can be reached, or the name is another name of something, the host's resolver is asked.
    """
    name = f"{selector}._domainkey.{domain}"
    try:
        servers = names.servers(name)[:_MOST_SERVERS]
    except NoAnswer as silence:
        return str(silence)
    asked = 0
    for server in servers:
        answer = _authority(names, server, name)
        if answer is None:
            continue
        if answer.alias:
            break
        asked += 1
        if not _same(answer, text):
            return f"{server} {_said(answer)}"
    else:
        if asked:
            return ""
    try:
        answer = names.resolve(name, TXT)
    except NoAnswer as silence:
        return str(silence)
    return "" if _same(answer, text) else f"the resolver {_said(answer)}"


def _authority(names: Names, server: str, name: str) -> Answer | None:
    """What one of the name servers says; None where it does not answer or does not hold the zone."""
    for address in names.addresses(server):
        place: Place = (address, names.port)
        try:
            answer = names.ask(place, name, TXT)
        except NoAnswer:
            continue
        if answer.authoritative:
            return answer
    return None


def _same(answer: Answer, text: str) -> bool:
    """Whether a key is shown, and no other beside it: a receiver may take any of several."""
    return len(answer.values) == 1 and _key(answer.values[0]) == _key(text)


def _key(text: str) -> tuple[str, str]:
    """Kind and key of a record's text; spaces mean nothing in it (RFC 6376, 3.2)."""
    tags = dict(part.partition("=")[::2] for part in "".join(text.split()).split(";") if "=" in part)
    return tags.get("k", "rsa"), tags.get("p", "")


def _said(answer: Answer) -> str:
    return "shows another text" if answer.values else "has no such record"
