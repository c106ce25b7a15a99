"""Questions to the name servers of the world, by the host's resolver."""

from ipaddress import ip_address

from dns.rdatatype import MX, PTR, TXT, A, RdataType
from lib.dns import ask
from lib.dns.ask import NoAnswer

__all__ = ["Names", "NoAnswer"]


class Names:
    """What DNS says. A name that is not there has no values; who does not answer raises."""

    def __init__(self, asked: ask.Names | None = None) -> None:
        self._asked = asked or ask.Names()

    def addresses(self, name: str) -> list[str]:
        """Its IPv4 addresses.

        Raises:
            NoAnswer: no resolver answers.
        """
        return list(self._values(name, A))

    def texts(self, name: str) -> list[str]:
        """Its texts, the strings of each put together."""
        return list(self._values(name, TXT))

    def exchangers(self, domain: str) -> list[str]:
        """Who takes mail for a domain, the preferred first; the domain itself where it names none (RFC 5321, 5.1)."""
        found = sorted((int(rank), host) for rank, _, host in (v.partition(" ") for v in self._values(domain, MX)))
        return [host for _, host in found] or [domain]

    def reverse(self, address: str) -> list[str]:
        """The names of an address."""
        return list(self._values(ip_address(address).reverse_pointer, PTR))

    def fits(self, address: str) -> tuple[str, bool]:
        """The reverse name of an address, and whether the name leads back to it."""
        names = self.reverse(address)
        back = [name for name in names if address in self.addresses(name)]
        return (back or names or ["unknown"])[0], bool(back)

    def _values(self, name: str, kind: RdataType) -> tuple[str, ...]:
        return self._asked.resolve(name.rstrip("."), kind).values
