"""What is taken for spam, how much anybody may hand in, and who is spared. What the stack file does not say stays.

The cluster's own nodes, the probe and the networks of the stack file are in every limit's condition, because the server
knows no other way to spare somebody: an allowed address is only kept from being banned.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lib.stalwart.change import Change, create, destroy, update
from lib.stalwart.state import State, singleton

TYPES = ("AllowedIp", "Email", "MtaInboundThrottle", "MtaStageData", "Security", "SpamSettings")

_MEBI = 1024 * 1024
_SECOND, _HOUR, _DAY = 1000, 3_600_000, 86_400_000

# By these words what is ours is known from what a person added.
_NODE = "node of this cluster"
_ALLOWED = "allowed by the stack file"
_PER_ACCOUNT = "Mails of an account, by the stack file"


@dataclass(frozen=True)
class Spam:
    """Scores; zero: never, None: as it is."""

    tag: float | None = None
    reject: float | None = None
    discard: float | None = None


@dataclass(frozen=True)
class Limits:
    """Figures; None: as it is."""

    message_size: int | None = None
    """In MiB."""

    connections: int | None = None
    """A second, from one address."""

    per_recipient: int | None = None
    """Mails an hour, from one domain."""

    per_account: int | None = None
    """Mails an hour."""

    failed_logins: int | None = None
    """A day, from one address."""

    ban_hours: int | None = None
    allow: Sequence[str] = ()
    """Networks that are spared."""


def changes(now: State, limits: Limits, spam: Spam, nodes: Sequence[str], probe: str) -> Iterator[Change]:
    """What differs.

    Args:
        nodes: addresses of all nodes.
        probe: login of the account that proves the cluster.
    """
    yield from _allowed(now, limits, nodes)
    yield from _throttles(now, limits, nodes, probe)
    yield from _per_account(now, limits, probe)
    yield from _size(now, limits)
    yield from _bans(now, limits)
    scores = {"scoreSpam": spam.tag, "scoreReject": spam.reject, "scoreDiscard": spam.discard}
    said = {key: score for key, score in scores.items() if score is not None}
    yield from singleton(now, "SpamSettings", said, "scores of spam")


def _allowed(now: State, limits: Limits, nodes: Sequence[str]) -> Iterator[Change]:
    here = {_bare(allowed["address"]): allowed for allowed in now["AllowedIp"]}
    wanted = dict.fromkeys(nodes, _NODE) | {
        _bare(network): _ALLOWED for network in limits.allow if _bare(network) not in nodes
    }
    for address, reason in wanted.items():
        if address not in here:
            yield Change(f"address {address} allowed", create("AllowedIp", {"address": address, "reason": reason}))
    for address, allowed in here.items():
        if address not in wanted and allowed.get("reason") == _ALLOWED:
            yield Change(f"address {address} not allowed any more", destroy("AllowedIp", allowed["id"]))


def _throttles(now: State, limits: Limits, nodes: Sequence[str], probe: str) -> Iterator[Change]:
    """The limits that the server comes with. Those nodes that look after each other would be let in five times a
    second by all together, and the probe sends itself a mail per pair of nodes at every `up`.
    """
    ours = {
        frozenset({"remoteIp"}): (_spared("remote_ip", ["127.0.0.1", *nodes], limits), limits.connections, _SECOND),
        frozenset({"senderDomain", "rcpt"}): (
            _spared("authenticated_as", [probe], limits),
            limits.per_recipient,
            _HOUR,
        ),
    }
    names = {
        frozenset({"remoteIp"}): "limit of connections",
        frozenset({"senderDomain", "rcpt"}): "limit per recipient",
    }
    for throttle in now["MtaInboundThrottle"]:
        key = frozenset(throttle.get("key", {}))
        if key not in ours:
            continue
        condition, count, period = ours[key]
        here = throttle.get("match", {}).get("else")
        value: dict[str, Any] = {}
        # A condition that a person wrote stays.
        if (here == "true" or str(here).startswith(condition.split("'")[0])) and here != condition:
            value["match"] = {"match": {}, "else": condition}
        if count is not None and throttle.get("rate") != {"count": count, "period": period}:
            value["rate"] = {"count": count, "period": period}
        if value:
            yield Change(names[key], update("MtaInboundThrottle", throttle["id"], value))


def _per_account(now: State, limits: Limits, probe: str) -> Iterator[Change]:
    """Of its own, known by its description. Without the first condition it would count all that comes from outside."""
    here = next((item for item in now["MtaInboundThrottle"] if item.get("description") == _PER_ACCOUNT), None)
    if limits.per_account is None:
        if here:
            yield Change("limit per account removed", destroy("MtaInboundThrottle", here["id"]))
        return
    condition = f"!is_empty(authenticated_as) && {_spared('authenticated_as', [probe], limits)}"
    value = {
        "match": {"match": {}, "else": condition},
        "rate": {"count": limits.per_account, "period": _HOUR},
    }
    if here is None:
        made = {"description": _PER_ACCOUNT, "key": {"authenticatedAs": True}, **value}
        yield Change("limit per account", create("MtaInboundThrottle", made))
    elif any(here.get(key) != part for key, part in value.items()):
        yield Change("limit per account", update("MtaInboundThrottle", here["id"], value))


def _size(now: State, limits: Limits) -> Iterator[Change]:
    if limits.message_size is None:
        return
    size = limits.message_size * _MEBI
    by_smtp = {"match": {}, "else": str(size)}
    yield from singleton(now, "MtaStageData", {"maxMessageSize": by_smtp}, "largest mail by SMTP")
    yield from singleton(now, "Email", {"maxMessageSize": size}, "largest mail in a mailbox")


def _bans(now: State, limits: Limits) -> Iterator[Change]:
    wanted: dict[str, Any] = {}
    if limits.failed_logins is not None:
        wanted["authBanRate"] = {"count": limits.failed_logins, "period": _DAY}
    if limits.ban_hours is not None:
        lasting = limits.ban_hours * _HOUR
        wanted |= dict.fromkeys(("abuseBanPeriod", "authBanPeriod", "loiterBanPeriod", "scanBanPeriod"), lasting)
    yield from singleton(now, "Security", wanted, "bans")


def _spared(variable: str, values: Sequence[str], limits: Limits) -> str:
    """A condition that holds for everybody else."""
    others = [f"{variable} != '{value}'" for value in values]
    return " && ".join([*others, *(f"!is_ip_in_cidr(remote_ip, '{network}')" for network in limits.allow)])


def _bare(address: str) -> str:
    """As the server keeps it: a single address without its length."""
    return address.removesuffix("/128") if ":" in address else address.removesuffix("/32")
