"""The lookups of an SPF record, as a receiver counts them; whom a stack file may name to be asked."""

import pytest

from tools.dns_check.spf import MOST_LOOKUPS, lookups


@pytest.mark.parametrize(
    ("record", "count"),
    [
        ("v=spf1 -all", 0),
        ("v=spf1 ip4:192.0.2.1 ip6:2001:db8::/32 -all", 0),
        ("v=spf1 a mx ptr -all", 3),
        ("v=spf1 a:out.example.org +mx/24 ?exists:%{i}.example.org ~all", 3),
        ("v=spf1 include:one.test -all", 2),
        ("v=spf1 redirect=three.test", 4),
        ("v=spf1 include:one.test include:three.test -all", 6),
        ("v=spf1 include:none.test -all", 1),
    ],
)
def test_lookups_are_counted_through_all_that_is_included(record: str, count: int) -> None:
    known = {
        "one.test": ["other", "v=spf1 a -all"],
        "three.test": ["v=spf1 include:one.test mx -all"],
    }
    assert lookups(record, lambda name: known.get(name, [])) == count


def test_a_circle_is_more_than_is_allowed() -> None:
    assert lookups("v=spf1 include:a.test -all", lambda _: ["v=spf1 include:a.test -all"]) > MOST_LOOKUPS


def test_a_long_chain_ends_soon_after_the_limit() -> None:
    asked = []

    def texts(name: str) -> list[str]:
        asked.append(name)
        return [f"v=spf1 include:x{name} -all"]

    assert lookups("v=spf1 include:x.test -all", texts) > MOST_LOOKUPS
    assert len(asked) < 200
