"""What the mail servers do to get certificates: a task for each domain, tried again at growing intervals.

What an authority refuses for good ends a task for ever; what fails for the moment is tried again, later each time, up
to a day later. So whoever has mended the cause puts it back to now. Source: crates/services/src/task_manager.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lib.stalwart.change import Change, create, update
from lib.stalwart.jmap import Client
from lib.stalwart.listing import every

_CLOCK = "%Y-%m-%dT%H:%M:%SZ"
# How the server begins what an authority said that wants to be left alone for a time.
_LEFT_ALONE = "Rate limited"


@dataclass(frozen=True)
class Order:
    """One task for a domain."""

    id: str
    domain: str
    """The id of the domain."""

    due: datetime | None
    """When it is tried; None after a failure for good."""

    why: str
    """The server's words for the last failure; empty where there was none."""

    since: str = ""
    """When it was made, as the server writes it; sorts by time."""

    def rests(self, now: datetime) -> bool:
        """Whether nothing is tried now: after a failure for good, or until a time that has not come."""
        return self.due is None or self.due > now


def read(client: Client, domains: Collection[str]) -> list[Order]:
    """The orders for some domains, by their ids."""
    found = every(client, "Task", ("id", "domainId", "status"), {"@type": "AcmeRenewal"})
    return [_order(item) for item in found if item["domainId"] in domains]


def begun_again(orders: Collection[Order], domains: Mapping[str, str], now: datetime) -> Iterator[Change]:
    """Try now what rests after a failure, or what nothing is tried for at all.

    Args:
        domains: id -> name of those that lack their certificate.
    """
    value = {"status": {"@type": "Pending", "due": now.strftime(_CLOCK)}}
    for identity, name in domains.items():
        its = [one for one in orders if one.domain == identity]
        if any(not one.rests(now) or one.why.startswith(_LEFT_ALONE) for one in its):
            continue
        failed = next((one for one in its if one.why), None)
        what = f"certificate of {name}: asked for again"
        if failed:
            yield Change(f"{what}, after: {failed.why}", update("Task", failed.id, value))
        else:
            new = {"@type": "AcmeRenewal", "domainId": identity, **value}
            yield Change(what, create("Task", new))


def trouble(orders: Collection[Order], domains: Mapping[str, str]) -> dict[str, str]:
    """Domain -> why its certificate is not there, as far as the server has said it.

    Args:
        domains: id -> name.
    """
    newest = sorted(orders, key=lambda one: one.since)
    return {domains[one.domain]: one.why for one in newest if one.domain in domains and one.why}


def all_rest(orders: Collection[Order], domains: Collection[str], now: datetime) -> bool:
    """Whether nothing is tried now for any of some domains, by their ids."""
    at_work = {one.domain for one in orders if not one.rests(now)}
    return at_work.isdisjoint(domains)


def _order(item: Mapping[str, Any]) -> Order:
    status = item["status"]
    due = status.get("due")
    return Order(
        id=item["id"],
        domain=item["domainId"],
        due=datetime.strptime(due, _CLOCK).replace(tzinfo=UTC) if due else None,
        why=str(status.get("failureReason") or ""),
        since=str(status.get("createdAt") or ""),
    )
