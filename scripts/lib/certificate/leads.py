"""Whether names lead to the cluster, as an authority that looks at them would find it."""

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from ipaddress import ip_address

from dns.rdatatype import AAAA, CNAME, A
from lib.dns.ask import Answer, Names, NoAnswer
from lib.dns.patience import still_wrong

# More say the same and cost time.
_MOST_SERVERS = 6
_MOST_ALIASES = 8

Serves = Callable[[str, str], bool]
"""Whether the cluster answers for a name (the second) at an address (the first) that is none of its own."""


def astray(
    wanted: Iterable[str], ours: Collection[str], names: Names, seconds: float, serves: Serves
) -> dict[str, str]:
    """The names that do not lead here after some time, with the reason.

    Args:
        ours: the addresses of the cluster.
        seconds: how long it is looked again; once at least.
        serves: decides on addresses that are not ours: somebody's balancer may stand before the nodes.
    """
    here = frozenset(map(_plain, ours))
    looks = {name: partial(trouble, name, here, names, serves) for name in wanted}
    return still_wrong(looks, seconds, f"names to lead to the cluster, {len(looks)} of them")


def trouble(name: str, ours: Collection[str], names: Names, serves: Serves) -> str:
    """Why a name does not lead here; empty if it does: by each of its zone's name servers that answers."""
    try:
        for who, found in _told(name, names, _MOST_ALIASES):
            if not found:
                return f"{who} has no address for it"
            for address in sorted(found):
                if address not in ours and not serves(address, name):
                    return f"{who} says {address}"
    except NoAnswer as silence:
        return str(silence)
    return ""


def _told(name: str, names: Names, aliases: int) -> Iterator[tuple[str, frozenset[str]]]:
    """Who says which addresses. Where no name server of the zone can be reached, the host's resolver is asked.

    Raises:
        NoAnswer: nobody answers.
    """
    asked = False
    for server in names.servers(name)[:_MOST_SERVERS]:
        answers = [answer for kind in (A, AAAA) if (answer := names.told_by(server, name, kind))]
        if not answers:
            continue
        asked = True
        values = _addresses(answers)
        if values or not any(answer.alias for answer in answers) or not aliases:
            yield server, values
            continue
        # Another name of something in another zone.
        target = names.told_by(server, name, CNAME)
        yield from _told(target.values[0], names, aliases - 1) if target and target.values else [(server, values)]
    if not asked:
        yield "the resolver", _addresses(names.resolve(name, kind) for kind in (A, AAAA))


def _addresses(answers: Iterable[Answer]) -> frozenset[str]:
    return frozenset(_plain(value) for answer in answers for value in answer.values)


def _plain(address: str) -> str:
    """An address in the one form that can be compared."""
    return str(ip_address(address))
