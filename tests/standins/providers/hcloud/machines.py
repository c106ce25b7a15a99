"""Where a lab comes in: what starts a host for a server, if anything does."""

from typing import Protocol, TypedDict


class Order(TypedDict):
    """The host that is to be started for a server. Addresses are empty where it has none."""

    id: int
    name: str
    server_type: str
    location: str
    image: str
    ipv4: str
    ipv6: str
    private_address: str
    user_data: str
    ssh_keys: list[str]


class Machines(Protocol):
    """Starts hosts and removes them. A server is running when `boot` returns, as far as anybody can tell."""

    def boot(self, server: Order) -> None:
        """Start the host of a server that was just made; a Failure is shown to the user."""

    def remove(self, name: str) -> None:
        """Remove the host of a server that is gone."""
