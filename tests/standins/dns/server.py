"""An authoritative name server, whose zones may be replaced while it runs."""

import socketserver
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Self

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.zone

# What a provider adds to every zone; SOA and NS are never among the records of a zone's owner.
_HEAD = """\
$TTL 300
@ IN SOA ns.invalid. hostmaster.invalid. 1 3600 600 86400 60
@ IN NS ns.invalid.
"""
_WITHOUT_EDNS_BYTES = 512
_MOST_BYTES = 1232
_IDLE_SECONDS = 5
_PAIRS_OF_PORTS = 20

Zones = Mapping[dns.name.Name, dns.zone.Zone]


class NameServer:
    """Serves zones, given as name -> text without SOA and NS, from the moment it is entered."""

    def __init__(self, zones: Mapping[str, str], place: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self._zones: Zones = {}
        self.serve(zones)
        self._listeners = _pair(self, place)
        self.port: int = self._listeners[0].server_address[1]

    def serve(self, zones: Mapping[str, str]) -> None:
        """Serve these zones and no others from now on.

        Raises:
            dns.exception.DNSException: a text is no zone, e.g. a CNAME has a neighbour; nothing has changed.
        """
        read = {
            dns.name.from_text(name): dns.zone.from_text(_HEAD + text, dns.name.from_text(name), relativize=False)
            for name, text in zones.items()
        }
        self._zones = read

    def __enter__(self) -> Self:
        for listener in self._listeners:
            threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for listener in self._listeners:
            listener.shutdown()
            listener.server_close()

    def reply(self, wire: bytes, limit: int | None = None) -> bytes | None:
        """The answer to one message; None where the message is not worth one. `limit` is what UDP carries."""
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        if query.flags & dns.flags.QR:
            return None
        response = dns.message.make_response(query, our_payload=_MOST_BYTES)
        self._fill(response, query)
        if limit is not None:
            limit = min(max(query.payload, limit), _MOST_BYTES)
        try:
            return response.to_wire(max_size=limit or 0xFFFF)
        except dns.exception.TooBig:
            return _truncated(query, response)

    def _fill(self, response: dns.message.Message, query: dns.message.Message) -> None:
        if query.opcode() != dns.opcode.QUERY:
            response.set_rcode(dns.rcode.NOTIMP)
            return
        if len(query.question) != 1:
            response.set_rcode(dns.rcode.FORMERR)
            return
        (question,) = query.question
        zones = self._zones  # the same ones for the whole answer
        zone = _nearest(zones, question.name)
        whole = dns.rdatatype.is_metatype(question.rdtype)
        if zone is None or whole or question.rdclass != dns.rdataclass.IN:
            response.set_rcode(dns.rcode.REFUSED)
            return
        response.flags |= dns.flags.AA
        _answer(response, zones, question.name, question.rdtype)


def _answer(response: dns.message.Message, zones: Zones, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> None:
    """Follow aliases as far as the zones reach (RFC 1034, 4.3.2); a name or type that is not there brings the SOA."""
    seen: set[dns.name.Name] = set()
    while (zone := _nearest(zones, name)) is not None and name not in seen:
        seen.add(name)
        if found := zone.get_rrset(name, kind):
            response.answer.append(found)
            return
        if not (alias := zone.get_rrset(name, dns.rdatatype.CNAME)):
            # A name with others below it is there, and empty.
            if not any(other.is_subdomain(name) for other in zone.nodes):
                response.set_rcode(dns.rcode.NXDOMAIN)
            response.authority.append(_denial(zone))
            return
        response.answer.append(alias)
        name = alias[0].target


def _nearest(zones: Zones, name: dns.name.Name) -> dns.zone.Zone | None:
    above = [origin for origin in zones if name.is_subdomain(origin)]
    return zones[max(above, key=len)] if above else None


def _denial(zone: dns.zone.Zone) -> dns.rrset.RRset:
    """The SOA that says how long a name may be remembered as absent."""
    soa = zone.get_soa()
    return dns.rrset.from_rdata(zone.origin or dns.name.root, soa.minimum, soa)


def _truncated(query: dns.message.Message, response: dns.message.Message) -> bytes:
    """No answer but the hint to ask again by TCP."""
    short = dns.message.make_response(query, our_payload=_MOST_BYTES)
    short.flags |= dns.flags.TC | (response.flags & dns.flags.AA)
    return short.to_wire()


class _Udp(socketserver.ThreadingUDPServer):
    daemon_threads = True
    names: NameServer


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    names: NameServer


class _Datagram(socketserver.BaseRequestHandler):
    server: _Udp

    def handle(self) -> None:
        data, answering = self.request
        if (reply := self.server.names.reply(data, _WITHOUT_EDNS_BYTES)) is not None:
            answering.sendto(reply, self.client_address)


class _Stream(socketserver.StreamRequestHandler):
    server: _Tcp
    timeout = _IDLE_SECONDS

    def handle(self) -> None:
        with suppress(OSError, struct.error):
            for wire in self._messages():
                if (reply := self.server.names.reply(wire)) is None:
                    return
                self.wfile.write(struct.pack("!H", len(reply)) + reply)

    def _messages(self) -> Iterator[bytes]:
        """Each message after its length; ends in struct.error where the client hangs up."""
        while True:
            (length,) = struct.unpack("!H", self.rfile.read(2))
            yield self.rfile.read(length)


def _pair(names: NameServer, place: tuple[str, int]) -> tuple[_Udp, _Tcp]:
    """Listeners on a port that is free in both protocols, where none is given."""
    address, port = place
    for _ in range(_PAIRS_OF_PORTS):
        udp = _Udp((address, port), _Datagram)
        try:
            tcp = _Tcp((address, udp.server_address[1]), _Stream)
        except OSError:  # somebody has that port of TCP
            udp.server_close()
            continue
        udp.names = tcp.names = names
        return udp, tcp
    raise OSError("no port is free in both protocols")
