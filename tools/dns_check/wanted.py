"""What a stack needs of DNS, from its outputs: the records, and whom to ask for them."""

from collections.abc import Mapping
from dataclasses import dataclass

import dns.name
import dns.rdataset
import dns.rdatatype
import dns.zone

from tools.status.exported import State, outputs

Key = tuple[dns.name.Name, dns.rdatatype.RdataType]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The records of every zone, and how they are asked for."""

    zones: Mapping[dns.name.Name, Mapping[Key, dns.rdataset.Rdataset]]
    outgoing: dns.name.Name
    """The name of all that send: their addresses have to have it as their reverse name."""

    resolvers: tuple[str, ...]
    """`address` or `address:port`; none: the resolvers of this machine lead to the name servers."""

    server: str | None
    """The primary name server, where the stack writes to it."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses that mail leaves from."""
        kinds = (dns.rdatatype.A, dns.rdatatype.AAAA)
        sets = (
            found[self.outgoing, kind]
            for found in self.zones.values()
            for kind in kinds
            if (self.outgoing, kind) in found
        )
        return tuple(record.to_text() for rdataset in sets for record in rdataset)


def wanted(exported: State) -> Wanted | None:
    """The wish of an exported state; None where it has none yet."""
    told = outputs(exported)
    if not told.get("dns_records") or not told.get("dns"):
        return None
    asked = told["dns"]
    return Wanted(
        zones={dns.name.from_text(zone): records(zone, text) for zone, text in told["dns_records"].items()},
        outgoing=dns.name.from_text(asked["outgoing"]),
        resolvers=tuple(asked["resolvers"]),
        server=asked["server"],
    )


def records(zone: str, text: str) -> dict[Key, dns.rdataset.Rdataset]:
    """The record sets of a zone file without SOA and NS."""
    read = dns.zone.from_text(text, f"{zone}.", relativize=False, check_origin=False)
    return {(name, rdataset.rdtype): rdataset for name, rdataset in read.iterate_rdatasets()}
