"""Whom to ask: name servers and resolvers, each given up once it has not answered a few times."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype

ANSWER_SECONDS = 2.5
PORT = 53
# An asker that was silent so often is not asked again: the whole has to end in time.
_PATIENCE = 2
_USABLE = frozenset({dns.rcode.NOERROR, dns.rcode.NXDOMAIN})


@dataclass(frozen=True)
class Answer:
    """What one asker said of a name and a type."""

    values: frozenset[dns.rdata.Rdata] = frozenset()
    ttl: int = 0
    trouble: str = ""
    """Why nothing is known; empty: what it said is known."""


@dataclass
class Asker:
    """Somebody who answers by UDP, and by TCP where an answer is long."""

    label: str
    address: str
    port: int = PORT
    recursive: bool = False
    _silences: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> Answer:
        """The records of exactly this name and type; aliases are not followed."""
        if self._silences >= _PATIENCE:
            return Answer(trouble="does not answer")
        query = dns.message.make_query(name, kind, use_edns=0, payload=1232)
        if not self.recursive:
            query.flags &= ~dns.flags.RD
        try:
            answer = self._exchange(query)
        except (OSError, EOFError, dns.exception.DNSException) as error:
            with self._lock:
                self._silences += 1
            silent = isinstance(error, dns.exception.Timeout)
            return Answer(trouble="does not answer" if silent else f"cannot be asked: {error}")
        with self._lock:
            self._silences = 0
        if answer.rcode() not in _USABLE:
            return Answer(trouble=f"answers {dns.rcode.to_text(answer.rcode())}")
        if not self.recursive and not answer.flags & dns.flags.AA:
            return Answer(trouble="does not hold the zone")
        found = answer.get_rrset(dns.message.ANSWER, name, dns.rdataclass.IN, kind)
        return Answer(frozenset(found or ()), found.ttl if found else 0)

    def _exchange(self, query: dns.message.QueryMessage) -> dns.message.Message:
        """Once more where a datagram may have been lost, but not of somebody who has not answered before."""
        try:
            return dns.query.udp_with_fallback(query, self.address, timeout=ANSWER_SECONDS, port=self.port)[0]
        except dns.exception.Timeout:
            if self._silences:
                raise
            return dns.query.udp_with_fallback(query, self.address, timeout=ANSWER_SECONDS, port=self.port)[0]


def resolver(text: str) -> Asker:
    """The resolver of a stack file: `address`, `address:port`, or `[address]:port`."""
    host, port = split(text)
    return Asker(text, host, port, recursive=True)


def split(text: str) -> tuple[str, int]:
    """Address and port of `203.0.113.53`, `203.0.113.53:5353`, `2001:db8::53` or `[2001:db8::53]:5353`."""
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        return host, int(port.removeprefix(":") or PORT)
    host, _, port = text.partition(":")
    return (text, PORT) if ":" in port else (host, int(port or PORT))


def addresses(resolvers: list[Asker], name: dns.name.Name) -> Iterator[str]:
    """The addresses of a name, by the first resolver that knows any."""
    for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
        for one in resolvers:
            if found := one.ask(name, kind).values:
                yield from sorted(value.to_text() for value in found)
                break
