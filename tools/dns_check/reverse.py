"""The reverse names of the addresses that mail leaves from: receivers want them to lead there and back."""

from collections.abc import Sequence

import dns.name
import dns.rdatatype
import dns.reversename

from tools.dns_check.askers import Asker
from tools.dns_check.finding import Finding, State
from tools.dns_check.wanted import Wanted


def finding(address: str, want: Wanted, leading: Sequence[Asker]) -> Finding:
    """Whether the reverse name of an address is the name that the mail servers greet with, and leads back."""
    name = dns.reversename.from_address(address)
    answers = [one.ask(name, dns.rdatatype.PTR) for one in leading]
    known = next((answer for answer in answers if not answer.trouble), None)
    there = sorted(value.target for value in known.values) if known else []  # type: ignore[attr-defined]  # rdata of PTR
    if known is None:
        state, why = State.UNKNOWN, "nobody who was asked answers"
    elif not there:
        state, why = State.MISSING, "who gave you the address sets its reverse name"
    elif there != [want.outgoing]:
        state, why = State.DIFFERENT, "receivers refuse mail whose reverse name is not the name in the greeting"
    elif not _leads_back(address, want, leading):
        state, why = State.DIFFERENT, f"{_shown(want.outgoing)} does not lead back to {address}"
    else:
        state, why = State.RIGHT, ""
    right = state is State.RIGHT
    return Finding(
        zone="reverse",
        name=address,
        type="PTR",
        state=state,
        why=why,
        there=() if right else tuple(_shown(target) for target in there),
        enter=() if right else (f"{name.to_text()} IN PTR {want.outgoing.to_text()}",),
    )


def _leads_back(address: str, want: Wanted, leading: Sequence[Asker]) -> bool:
    kind = dns.rdatatype.AAAA if ":" in address else dns.rdatatype.A
    return any(address in {value.to_text() for value in one.ask(want.outgoing, kind).values} for one in leading)


def _shown(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True)
