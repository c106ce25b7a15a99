"""Public addresses: handed out from a pool that a lab may choose, so that they can be reached."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Network

_V4 = IPv4Network("198.51.100.0/24")
_V6 = IPv6Network("2001:db8::/48")


class Pool:
    """Addresses that are free and such that are taken. An address that is given back waits at the end of the queue.

    Args:
        v4: addresses, or the range that they are taken from.
        v6: range that networks of 64 bits are cut from, or such networks.
    """

    def __init__(
        self,
        v4: IPv4Network | Iterable[IPv4Address] = _V4,
        v6: IPv6Network | Iterable[IPv6Network] = _V6,
    ) -> None:
        self._v4: Iterator[IPv4Address] = iter(v4.hosts() if isinstance(v4, IPv4Network) else v4)
        self._v6: Iterator[IPv6Network] = v6.subnets(new_prefix=64) if isinstance(v6, IPv6Network) else iter(v6)
        if isinstance(v6, IPv6Network):
            next(self._v6)  # its text has no number of its own: 2001:db8::
        self._back: dict[str, list[str]] = {"ipv4": [], "ipv6": []}

    def take(self, family: str) -> str:
        """An address, or a network of 64 bits.

        Raises:
            LookupError: all are taken.
        """
        fresh = next(self._v4, None) if family == "ipv4" else next(self._v6, None)
        if fresh is not None:
            return str(fresh)
        if self._back[family]:
            return self._back[family].pop(0)
        raise LookupError(family)

    def give_back(self, family: str, address: str) -> None:
        """What was taken is free again."""
        self._back[family].append(address)
