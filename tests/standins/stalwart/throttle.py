"""The limits that a new server has: connections of an address, and mails of a domain to a recipient."""

import json
import re
import time
from ipaddress import ip_address, ip_network
from typing import Any

from .node import Node


def lets_in(node: Node, client: str) -> bool:
    """The limit of connections from one address, which all nodes count together; who is over it hears nothing."""
    for identity, throttle in node.registry.all("MtaInboundThrottle").items():
        if not throttle["enable"] or set(throttle["key"]) != {"remoteIp"}:
            continue
        condition = throttle["match"]["else"]
        if client in re.findall(r"remote_ip != '([^']*)'", condition) or _within(client, condition):
            continue
        if not _counted(node, f"rate/{identity}/{client}", throttle["rate"]):
            return False
    return True


def allows(node: Node, client: str, login: str, sender: str, recipient: str) -> bool:
    """The hourly limit per sender's domain and recipient, unless its condition leaves the sender out."""
    for identity, throttle in node.registry.all("MtaInboundThrottle").items():
        if not throttle["enable"] or set(throttle["key"]) != {"senderDomain", "rcpt"}:
            continue
        condition = throttle["match"]["else"]
        if login in re.findall(r"authenticated_as != '([^']*)'", condition) or _within(client, condition):
            continue
        if not _counted(node, f"rate/{identity}/{sender.rpartition('@')[2]}/{recipient}", throttle["rate"]):
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
