"""Whether what is there does what is needed. Pure."""

from collections.abc import Iterable

import dns.rdata
import dns.rdatatype

from tools.dns_check.finding import State

Values = frozenset[dns.rdata.Rdata]

# Of two texts with one of these at a name, receivers take none (RFC 7208, 4.5; RFC 7489, 6.6.3; RFC 8461, 3.1).
_ALONE = ("v=spf1", "v=dmarc1", "v=stsv1", "v=tlsrptv1")


def compare(kind: dns.rdatatype.RdataType, wanted: Values, there: Values) -> tuple[State, str]:
    """State of a record set, and the reason where it is not right.

    Texts of others may stand beside ours, and authorities beside ours in CAA; anywhere else one record more changes
    what the set means.
    """
    if kind == dns.rdatatype.TXT:
        return _texts(wanted, there)
    if not there:
        return State.MISSING, ""
    if not wanted <= there:
        return State.DIFFERENT, ""
    if there - wanted and kind != dns.rdatatype.CAA:
        return State.DIFFERENT, "there is more than what the stack needs"
    return State.RIGHT, ""


def _texts(wanted: Values, there: Values) -> tuple[State, str]:
    beside = [tag(value) for value in there - wanted]
    clashing = sorted({tag(value) for value in wanted} & set(beside) & set(_ALONE))
    if wanted <= there:
        if clashing:
            return State.DIFFERENT, f"a second {clashing[0]}: receivers take two for none, remove the other"
        return State.RIGHT, ""
    return (State.DIFFERENT, "") if clashing or not _plain(there) else (State.MISSING, "")


def _plain(there: Iterable[dns.rdata.Rdata]) -> bool:
    """Whether all texts are of somebody else: none says what it is for."""
    return all(not tag(value).startswith("v=") for value in there)


def text(value: dns.rdata.Rdata) -> str:
    """The text of a TXT record, its strings put together."""
    return b"".join(getattr(value, "strings", ())).decode("utf-8", "replace")


def tag(value: dns.rdata.Rdata) -> str:
    """What a text is for, e.g. `v=spf1`."""
    return text(value).replace(";", " ").split(" ", 1)[0].lower()
