"""Questions to name servers as the world puts them, all bounded: texts, addresses, who serves a zone or takes its mail.

With Debian's python3-dnspython, which every host is prepared with: 2.3 or later.
"""

from dataclasses import dataclass, field

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdata
import dns.resolver
from dns.rdatatype import AAAA, CNAME, NS, TXT, A, RdataType

_MOST_BYTES = 1232
_PORT = 53
_SAID = {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}

Place = tuple[str, int]


class NoAnswer(Exception):  # noqa: N818  # reads as what happened
    """Nobody who was asked has said anything that can be used."""


@dataclass(frozen=True)
class Answer:
    """What a server said of a name and a type: the records' data as text, or the name that it is another name of."""

    values: tuple[str, ...] = ()
    alias: bool = False
    authoritative: bool = False


def own_resolvers(file: str = "/etc/resolv.conf") -> tuple[Place, ...]:
    """Whom this host asks; nobody where it has no resolver."""
    try:
        found = dns.resolver.Resolver(filename=file).nameservers
    except dns.resolver.NoResolverConfiguration:
        return ()
    return tuple((str(address), _PORT) for address in found)


@dataclass(frozen=True)
class Names:
    """Who is asked: resolvers, and by their word the name servers of a zone."""

    resolvers: tuple[Place, ...] = field(default_factory=own_resolvers)
    port: int = _PORT
    """Where name servers listen."""

    seconds: float = 3.0
    """How long one question waits; it is put twice."""

    def resolve(self, name: str, kind: RdataType) -> Answer:
        """What the first resolver that answers says.

        Raises:
            NoAnswer: none answers.
        """
        for place in self.resolvers:
            try:
                return self.ask(place, name, kind, recurse=True)
            except NoAnswer:
                continue
        raise NoAnswer("no resolver of this host answers")

    def servers(self, name: str) -> tuple[str, ...]:
        """The name servers of the zone that holds a name; none where no resolver knows any.

        Raises:
            NoAnswer: no resolver answers.
        """
        labels = name.split(".")
        # The root and a top-level domain hold nobody's mail.
        for start in range(len(labels) - 1):
            found = self.resolve(".".join(labels[start:]), NS)
            if found.values and not found.alias:
                return tuple(sorted(found.values))
        return ()

    def addresses(self, host: str) -> tuple[str, ...]:
        """The addresses of a name server, IPv4 first."""
        try:
            return tuple(value for kind in (A, AAAA) for value in self.resolve(host, kind).values)
        except NoAnswer:
            return ()

    def told_by(self, server: str, name: str, kind: RdataType) -> Answer | None:
        """What one of a zone's name servers says; None where it does not answer or does not hold the zone."""
        for address in self.addresses(server):
            try:
                answer = self.ask((address, self.port), name, kind)
            except NoAnswer:
                continue
            if answer.authoritative:
                return answer
        return None

    def ask(self, place: Place, name: str, kind: RdataType, *, recurse: bool = False) -> Answer:
        """One question to one server, by UDP, and by TCP where the answer does not fit.

        Raises:
            NoAnswer: it is silent, or refuses.
        """
        query = dns.message.make_query(name, kind, use_edns=0, payload=_MOST_BYTES)
        if not recurse:
            query.flags &= ~dns.flags.RD
        for _ in range(2):
            try:
                answer, _ = dns.query.udp_with_fallback(query, place[0], self.seconds, place[1])
            except (OSError, EOFError, dns.exception.Timeout):
                continue
            except dns.exception.DNSException:
                raise NoAnswer(f"{place[0]} answers what cannot be read") from None
            return _read(answer, kind)
        raise NoAnswer(f"{place[0]} does not answer")


def _read(answer: dns.message.Message, kind: RdataType) -> Answer:
    if answer.rcode() not in _SAID:
        raise NoAnswer(f"refused: {dns.rcode.to_text(answer.rcode())}")
    values = tuple(_text(data) for rrset in answer.answer if rrset.rdtype == kind for data in rrset)
    alias = any(rrset.rdtype == CNAME for rrset in answer.answer)
    return Answer(values, alias, bool(answer.flags & dns.flags.AA))


def _text(data: dns.rdata.Rdata) -> str:
    """The strings of a TXT record, put together without a space; a name in lower case without the last dot."""
    if data.rdtype == TXT:
        return b"".join(getattr(data, "strings", ())).decode("utf-8", "replace")
    return data.to_text().rstrip(".").lower()
