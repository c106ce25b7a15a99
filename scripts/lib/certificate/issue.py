"""Have an authority issue for the domains, and let its certificates take the place of the one that stood in."""

from collections.abc import Mapping, Sequence

from lib.certificate import asked, held
from lib.certificate.held import Held
from lib.stalwart.change import write
from lib.stalwart.jmap import Client


def ask(client: Client, directory: str, provider: str, names: Mapping[str, Sequence[str]]) -> None:
    """Set where each domain has its certificate from, where that differs.

    A certificate of another authority with the same names goes first: the server would take it for the one it wants,
    and ask only when that is about to end. The stack's own stands in.

    Args:
        provider: the id of the account at the authority.
        names: domain -> the names of its certificate.
    """
    here = held.read(client)
    for one in asked.read(client, names):
        if changes := list(asked.another(one, directory, provider, names[one.domain])):
            in_the_way = [] if one.directory == directory else held.with_names(here, [names[one.domain]])
            write(client, [*(held.removed(found) for found in in_the_way), *changes])


def is_settled(client: Client, directory: str, names: Mapping[str, Sequence[str]]) -> bool:
    """Whether the authority is asked for these names already, and has issued for all of them."""
    here = asked.read(client, names)
    wanted = {(domain, directory, frozenset(its)) for domain, its in names.items()}
    return {(one.domain, one.directory, one.names) for one in here} == wanted and not lacking(client, names)


def lacking(client: Client, names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Id -> name of the domains that ask for a certificate and have none yet."""
    here = held.read(client)
    return {one.id: one.domain for one in asked.read(client, names) if not held.with_names(here, [names[one.domain]])}


def issued(client: Client, names: Mapping[str, Sequence[str]]) -> dict[str, Held] | None:
    """Domain -> its certificate, once there is one for every domain."""
    return held.issued(held.read(client), names)


def take_over(client: Client, default: Held, private: str) -> None:
    """Show the authority's certificates to everybody, and take out the one that stood in.

    Args:
        default: what is shown to who names no name.
        private: name of the stack's own authority.
    """
    stood_in = [one for one in held.read(client) if one.is_of(private)]
    changes = [held.made_default(default.id)] if held.default(client) != default.id else []
    if write(client, [*changes, *map(held.removed, stood_in)]):
        client.call(held.RELOAD)
