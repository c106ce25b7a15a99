"""The limits that a new server has: connections of an address, and mails of a domain to a recipient."""

import json
import re
import time
from ipaddress import ip_address, ip_network
from typing import Any

from .node import Node


def lets_in(node: Node, client: str) -> bool:
    """The limit of connections from one address, which all nodes count together; who is over it hears nothing."""
    return _passes(node, {"remoteIp"}, client, ("remote_ip", client), client)


def allows(node: Node, client: str, login: str, sender: str, recipient: str) -> bool:
    """The hourly limit per sender's domain and recipient, unless its condition leaves the sender out."""
    counted = f"{sender.rpartition('@')[2]}/{recipient}"
    return _passes(node, {"senderDomain", "rcpt"}, client, ("authenticated_as", login), counted)


def _passes(node: Node, key: set[str], client: str, who: tuple[str, str], counted: str) -> bool:
    """Whether every limit by a key lets one more pass.

    Args:
        who: variable and value by which a limit's condition may leave somebody out, beside networks of the client.
        counted: what the limit counts by.
    """
    variable, value = who
    for identity, throttle in node.registry.all("MtaInboundThrottle").items():
        if not throttle["enable"] or set(throttle["key"]) != key:
            continue
        condition = throttle["match"]["else"]
        if value in re.findall(f"{variable} != '([^']*)'", condition) or _within(client, condition):
            continue
        if not _counted(node, f"rate/{identity}/{counted}", throttle["rate"]):
            return False
    return True


def _counted(node: Node, key: str, rate: dict[str, int]) -> bool:
    """Count one more; false when there were as many as may be in the period, in milliseconds."""
    now = time.time()

    def count(transaction: Any) -> bool:
        times = [t for t in json.loads(transaction.get(key.encode()) or b"[]") if now - t < rate["period"] / 1000]
        if len(times) >= rate["count"]:
            return False
        transaction.set(key.encode(), json.dumps([*times, now]).encode())
        return True

    return bool(node.store.transact(count))


def _within(address: str, condition: str) -> bool:
    """Whether an address is in a network that a condition leaves out."""
    networks = re.findall(r"!is_ip_in_cidr\(remote_ip, '([^']*)'\)", condition)
    return any(ip_address(address) in ip_network(network) for network in networks)
