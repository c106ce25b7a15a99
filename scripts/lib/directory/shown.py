"""Whether the world shows the records of signing keys: asked of the name servers that hold the domain."""

from collections.abc import Mapping
from functools import partial

from dns.rdatatype import TXT
from lib.dns.ask import Answer, Names, NoAnswer
from lib.dns.patience import still_wrong

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
    looks = {
        (domain, selector): partial(trouble, domain, selector, text, names)
        for (domain, selector), text in texts.items()
    }
    return still_wrong(looks, seconds, f"the world to show {len(texts)} records of signing keys")


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
        answer = names.told_by(server, name, TXT)
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


def _same(answer: Answer, text: str) -> bool:
    """Whether a key is shown, and no other beside it: a receiver may take any of several."""
    return len(answer.values) == 1 and _key(answer.values[0]) == _key(text)


def _key(text: str) -> tuple[str, str]:
    """Kind and key of a record's text; spaces mean nothing in it (RFC 6376, 3.2)."""
    tags = dict(part.partition("=")[::2] for part in "".join(text.split()).split(";") if "=" in part)
    return tags.get("k", "rsa"), tags.get("p", "")


def _said(answer: Answer) -> str:
    return "shows another text" if answer.values else "has no such record"
