"""The name servers that hold a zone, found as the world finds them: by its NS records."""

import dns.name
import dns.rdatatype
import dns.resolver

from tools.dns_check.askers import Asker, addresses, split
from tools.dns_check.askers import resolver as of_text
from tools.dns_check.wanted import Wanted

# More say the same and cost time.
_MOST = 4


def resolvers(want: Wanted) -> list[Asker]:
    """The resolvers of the stack file, which are asked for every record."""
    return [of_text(text) for text in want.resolvers]


def guides(want: Wanted) -> list[Asker]:
    """Who leads to the name servers: the resolvers of the stack file, else those of this machine."""
    if want.resolvers:
        return resolvers(want)
    try:
        own = dns.resolver.Resolver().nameservers
    except dns.resolver.NoResolverConfiguration:
        own = []
    return [of_text(str(address)) for address in own]


def authorities(zone: dns.name.Name, want: Wanted, leading: list[Asker]) -> list[Asker]:
    """Who holds a zone: one address of each of its name servers, and the primary that the stack writes to."""
    found: list[Asker] = []
    if want.server:
        host, port = split(want.server)
        found.append(Asker(want.server, host, port))
    for name in _name_servers(zone, leading)[:_MOST]:
        address = next(addresses(leading, name), None)
        if address and all(address != other.address for other in found):
            found.append(Asker(f"{name.to_text(omit_final_dot=True)} ({address})", address))
    return found


def _name_servers(zone: dns.name.Name, leading: list[Asker]) -> list[dns.name.Name]:
    """Of the zone, or of the one above it that holds it."""
    here = zone
    while len(here) > 2:  # noqa: PLR2004  # the root and a top-level domain hold nobody's mail
        for guide in leading:
            if values := guide.ask(here, dns.rdatatype.NS).values:
                return sorted(value.target for value in values)  # type: ignore[attr-defined]  # rdata of NS
        here = here.parent()
    return []
