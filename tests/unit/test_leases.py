"""Before a mail server starts, no lease is left that it would take instead of its own."""

import struct

from hypothesis import given
from hypothesis import strategies as st
from lib.stalwart.leases import STALE_SECONDS, Lease, Repair, parse, repair

NOW = 1_800_000_000
MEMBERS = ("mx1.mail.dev.test", "mx2.mail.dev.test", "mx3.mail.dev.test")
GONE = "mx9.mail.dev.test"


def server_takes(found: list[Lease], hostname: str, now: int) -> tuple[int, str]:
    """The id that a server takes and the host name it writes there; as crates/store/src/build/registry.rs has it."""
    fresh = []
    for lease in found:
        if lease.hostname == hostname or now - lease.renewed > STALE_SECONDS:
            return lease.node_id, lease.hostname
        fresh.append(lease.node_id)
    return next(number for number in range(len(fresh) + 1) if number not in fresh), hostname


def repaired(found: list[Lease], hostname: str, now: int = NOW) -> list[Lease]:
    """The leases after the repair before a start."""
    change = repair(found, hostname, MEMBERS, now)
    kept = {lease.node_id: lease for lease in found if lease.node_id not in change.drop}
    kept |= {node_id: Lease(node_id, name, now) for node_id, name in change.renew.items()}
    return [kept[node_id] for node_id in sorted(kept)]


def aged(*hours: float) -> list[Lease]:
    return [
        Lease(index, name, NOW - int(age * 3600)) for index, (name, age) in enumerate(zip(MEMBERS, hours, strict=True))
    ]


def test_after_two_hours_without_any_the_second_would_take_the_id_of_the_first() -> None:
    assert server_takes(aged(2, 2, 2), MEMBERS[1], NOW) == (0, MEMBERS[0])
    assert server_takes(repaired(aged(2, 2, 2), MEMBERS[1]), MEMBERS[1], NOW) == (1, MEMBERS[1])


def test_a_node_that_starts_while_another_is_dead_for_hours_stays_who_it_is() -> None:
    found = aged(5, 0.1, 0.2)
    assert repair(found, MEMBERS[1], MEMBERS, NOW) == Repair({0: MEMBERS[0]})


def test_leases_that_are_renewed_are_left_alone() -> None:
    assert repair(aged(0.1, 0.5, 0.2), MEMBERS[1], MEMBERS, NOW) == Repair()


def test_the_old_lease_of_a_node_that_left_is_dropped() -> None:
    found = [Lease(0, GONE, NOW - 7200), *[Lease(2, MEMBERS[1], NOW)]]
    assert repair(found, MEMBERS[2], MEMBERS, NOW) == Repair({}, (0,))


def test_of_two_leases_under_one_name_the_older_is_dropped() -> None:
    found = [Lease(0, MEMBERS[1], NOW - 9000), Lease(1, MEMBERS[1], NOW - 4000)]
    assert repair(found, MEMBERS[1], MEMBERS, NOW) == Repair({}, (0,))
    assert repair(found, MEMBERS[0], MEMBERS, NOW) == Repair({1: MEMBERS[1]}, (0,))


@given(
    ages=st.lists(st.tuples(st.sampled_from([*MEMBERS, GONE]), st.integers(0, 200_000)), max_size=6),
    order=st.permutations(MEMBERS),
    minutes=st.lists(st.integers(0, 50), min_size=3, max_size=3),
)
def test_whatever_the_leases_and_the_order_no_two_servers_start_with_one_id(
    ages: list[tuple[str, int]], order: list[str], minutes: list[int]
) -> None:
    found = [Lease(index, name, NOW - age) for index, (name, age) in enumerate(ages)]
    if len({lease.hostname for lease in found}) < len(found):
        # Two under one name come from servers without this repair; they are asked about above.
        found = [*{lease.hostname: lease for lease in found}.values()]
    taken, now = {}, NOW
    for hostname, pause in zip(order, minutes, strict=True):
        now += pause * 60 // 3
        found = repaired(found, hostname, now)
        node_id, name = server_takes(found, hostname, now)
        assert name == hostname
        assert node_id not in taken.values()
        taken[hostname] = node_id
        others = [lease for lease in found if lease.node_id != node_id]
        found = sorted([*others, Lease(node_id, hostname, now)], key=lambda lease: lease.node_id)


def test_leases_are_read_as_the_server_writes_them() -> None:
    key, value = b"g\xff\xff\xff\xff\x00\x02", struct.pack(">Q", NOW) + b"mx3.mail.dev.test"
    assert parse({key: value, b"g\xff\xff\xff\xff": value, b"g\x00": b"", key + b"x": value}) == [
        Lease(2, "mx3.mail.dev.test", NOW)
    ]
