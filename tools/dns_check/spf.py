"""How many lookups an SPF record costs a receiver: more than ten, and it counts as broken (RFC 7208, 4.6.4)."""

import re
from collections.abc import Callable, Iterator

MOST_LOOKUPS = 10
_COSTS = re.compile(r"[-+?~]?(include|a|mx|ptr|exists)([:/].*)?$|(redirect)=", re.IGNORECASE)
_LEADS = re.compile(r"[-+?~]?(?:include:|redirect=)(\S+)$", re.IGNORECASE)

Texts = Callable[[str], list[str]]


def lookups(record: str, texts: Texts) -> int:
    """The lookups of a record and of all that it includes, counted until there are more than are allowed.

    Args:
        record: the SPF, `v=spf1 ...`.
        texts: looks up the texts of a name.
    """
    count, pending = 0, [record]
    while pending and count <= MOST_LOOKUPS:
        for term in pending.pop().split()[1:]:
            count += bool(_COSTS.match(term))
            if count > MOST_LOOKUPS:
                break
            for name in _led_to(term):
                pending += [one for one in texts(name) if one.lower().startswith("v=spf1")][:1]
    return count


def _led_to(term: str) -> Iterator[str]:
    found = _LEADS.match(term)
    # A macro depends on the mail; what it leads to cannot be looked up here.
    if found and "%" not in found[1]:
        yield found[1].rstrip(".").lower()
