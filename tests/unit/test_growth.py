"""Thousands of accounts and hundreds of domains: what is done for each takes as long, however many others there are."""

import time
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from lib.accounts import changes, entries
from lib.accounts.held import Held, Here
from lib.accounts.record import Entry
from lib.accounts.wish import ACCOUNT, GROUP, Thing, Wish
from pydantic import TypeAdapter

from components.accounts.accounts import _logins
from components.dns import Record, rfc2136
from components.settings import AccountSettings, ListSettings
from components.settings.fields.shape import once
from components.settings.lists import circles, recipients

FEW, TIMES = 250, 8
# Eight times as much takes eight times as long; what looks at all others for each would take 64 times.
MOST = 3 * TIMES

Work = Callable[[], Any]


def _addresses(count: int) -> list[str]:
    return [f"a{number}@example.org" for number in range(count)]


def _keys_once(count: int) -> Work:
    adapter: TypeAdapter[dict[str, int]] = TypeAdapter(Annotated[dict[str, int], once("addresses", str)])
    given = dict.fromkeys(_addresses(count), 1)
    return lambda: adapter.validate_python(given)


def _first_passwords(count: int) -> Work:
    # With a hash of its own none is generated, which would take longer than all else.
    accounts = dict.fromkeys(_addresses(count), AccountSettings(password_hash="$6$salt$" + 86 * "x"))
    return lambda: _logins("seed", _addresses(count), accounts)


def _list_members(count: int) -> Work:
    addresses = _addresses(count)
    lists = {
        address: ListSettings(members=("x@y.net", *addresses[index + 1 : index + 1 + bool(index % 5)]))
        for index, address in enumerate(addresses)
    }
    return lambda: (recipients(lists), list(circles(lists)))


def _records_in_parts(count: int) -> Work:
    domains = [f"d{number}.example.org" for number in range(count)]
    records = [Record(name=f"mail.{domain}", type="CNAME", ttl=300, values=("x.",)) for domain in domains]
    return lambda: rfc2136._by_part(records, zones=dict.fromkeys(domains, "example.org"))


def _leavers(count: int) -> Work:
    addresses = _addresses(2 * count)
    item = {"roles": {"@type": "User"}}
    here = Here({}, {address: Held(ACCOUNT, address, address, item, ()) for address in addresses})
    known = dict.fromkeys(addresses, Entry(ACCOUNT, made=True))
    things = tuple(Thing(ACCOUNT, address) for address in addresses[count:])
    return lambda: entries.before(here, Wish((), things), known)


def _members_of_groups(count: int) -> Work:
    accounts, groups = _addresses(count), [f"g{number}@example.org" for number in range(count)]
    held = {address: Held(GROUP, address, address, {}, ()) for address in groups}
    item = {"roles": {"@type": "User"}, "memberGroupIds": {groups[0]: True}}
    held |= {address: Held(ACCOUNT, address, address, item, ()) for address in accounts}
    things = [Thing(ACCOUNT, address, groups=(groups[0],)) for address in accounts]

    def compared() -> None:
        here = Here({}, held, frozenset(groups))
        for thing in things:
            assert not changes.differences(held[thing.address], thing, here, None)

    return compared


@pytest.mark.parametrize(
    "work", [_keys_once, _first_passwords, _list_members, _records_in_parts, _leavers, _members_of_groups]
)
def test_eight_times_as_many_take_no_more_than_their_share(work: Callable[[int], Work]) -> None:
    assert _seconds(work(TIMES * FEW)) < MOST * _seconds(work(FEW))


def _seconds(work: Work) -> float:
    """Of this process, the least of some: what else the machine does counts less."""
    found = []
    for _ in range(5):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)
