"""What a plan is warned of, and what the loss of a location means for it."""

from typing import Any

import pytest

from components.advice import advice, first_policy, promise, survives_location
from components.settings import Settings, check
from components.topology import plan


def wish(count: int = 3, *, platform: str = "hetzner", **changed: Any) -> Settings:
    """A stack of some nodes at Hetzner."""
    hetzner = {"ssh_from": ["203.0.113.0/24"], **changed.pop("hetzner", {})}
    given: dict[str, Any] = {"platform": platform, "domains": {"example.org": {}}, **changed}
    given.setdefault("nodes", {f"mx{index}": {} for index in range(1, count + 1)})
    secret = frozenset({"dns_challenge_secret"} & set(given))
    return check(given | ({"hetzner": hetzner} if platform == "hetzner" else {}), secret)


def warnings(settings: Settings, stack: str = "staging") -> str:
    return "\n".join(advice(settings, plan(settings), stack))


def test_three_locations_with_protection_and_backups_need_no_word() -> None:
    assert not warnings(wish(hetzner={"protection": True, "backups": True}), "production")


def test_all_nodes_in_one_location_are_warned_of() -> None:
    assert "all nodes stand in fsn1" in warnings(wish(hetzner={"locations": ["fsn1"]}))


def test_two_locations_are_lost_with_the_one_that_holds_the_majority() -> None:
    told = warnings(wish(hetzner={"locations": ["fsn1", "hel1"]}))
    assert "the loss of fsn1 stops the cluster" in told
    assert "hel1 stops" not in told


@pytest.mark.parametrize("count", [3, 4, 5, 6, 9])
def test_three_locations_survive_any_one(count: int) -> None:
    assert survives_location(plan(wish(count)))


def test_one_node_promises_nothing_and_says_so() -> None:
    assert "1 failure zones survive the loss of none" in warnings(wish(1))


def test_a_stack_without_locations_says_nothing_of_them() -> None:
    assert survives_location(plan(wish(platform="lab", domains={"dev.test": {}}))) is None


@pytest.mark.parametrize(
    ("stack", "said"),
    [
        (wish(), "survives the loss of any 1 of 3 failure zones, and of any one of 3 locations"),
        (
            wish(hetzner={"locations": ["fsn1"]}),
            "survives the loss of any 1 of 3 failure zones, but not of every location",
        ),
        (wish(5, platform="lab", domains={"dev.test": {}}), "survives the loss of any 2 of 5 failure zones"),
        (wish(1, platform="lab", domains={"dev.test": {}}), "survives no loss"),
    ],
)
def test_a_plan_says_what_it_survives(stack: Settings, said: str) -> None:
    assert promise(plan(stack)) == said


def test_production_without_protection_or_backups_is_warned_of_and_staging_is_not() -> None:
    told = warnings(wish(), "production")
    assert "hetzner.protection is off" in told
    assert "hetzner.backups is off" in told
    assert "is off" not in warnings(wish(), "staging")


def test_a_database_within_reach_of_the_world_is_warned_of() -> None:
    nodes = {"mx1": {"address": "10.1.0.1", "public": ["88.99.0.1"]}, "mx2": {"address": "88.99.0.2"}}
    told = warnings(wish(platform="existing", nodes=nodes))
    assert "mx2 have a public address" in told
    assert "mx1" not in told


def test_servers_with_too_little_memory_are_named() -> None:
    nodes = {"mx1": {}, "mx2": {"type": "cx23"}, "mx3": {}}
    assert "mx2 have less memory" in warnings(wish(nodes=nodes))


def test_both_architectures_need_a_mirror_with_both() -> None:
    nodes = {"mx1": {}, "mx2": {"type": "cax21"}, "mx3": {}}
    assert "both architectures" in warnings(wish(nodes=nodes, mirror="/srv/mirror"))


def test_a_front_of_one_node_is_warned_of() -> None:
    nodes = {"mx1": {}, "mx2": {"front": "out"}, "mx3": {"front": "out"}}
    assert "only mx1 is in the front" in warnings(wish(nodes=nodes))


def test_an_alias_under_a_strict_policy_is_warned_of() -> None:
    aliased: dict[str, Any] = {"domains": {"example.org": {"aliases": ["example.net"]}}}
    assert "mail written from example.net" in warnings(wish(**aliased, dns={"dmarc": "quarantine"}))
    assert "mail written from" not in warnings(wish(**aliased))
    assert "mail written from" not in warnings(wish(dns={"dmarc": "reject"}))


@pytest.mark.parametrize(("policy", "follows"), [("quarantine", "put aside"), ("reject", "refused")])
def test_a_domain_that_begins_with_a_strict_policy_is_told_the_order_of_policies(policy: str, follows: str) -> None:
    told = first_policy(wish(dns={"dmarc": policy}), "example.org")
    assert f"example.org is new here and begins with dmarc {policy}" in str(told)
    assert follows in str(told)
    assert "Begin with none, read the reports for two weeks, then quarantine, then reject." in str(told)
    assert first_policy(wish(domains={"example.org": {"dmarc": policy}}), "example.org") == told
    assert first_policy(wish(), "example.org") is None
    assert first_policy(wish(domains={"example.org": {"dmarc": "none"}}, dns={"dmarc": policy}), "example.org") is None


def test_a_service_under_the_name_of_a_domain_is_warned_of() -> None:
    assert "mail.hostname is the mail domain example.org itself" in warnings(wish(mail={"hostname": "example.org"}))
    domains: dict[str, Any] = {"example.org": {"aliases": ["example.net"]}}
    assert "domain example.net itself" in warnings(wish(domains=domains, mail={"hostname": "example.net"}))
    assert "itself" not in warnings(wish(domains=domains, mail={"hostname": "mx.example.net"}))


def test_reports_to_a_domain_that_may_not_want_them_are_warned_of() -> None:
    told = warnings(wish(dns={"dmarc_reports": "us@reports.net"}))
    assert 'example.org._report._dmarc.reports.net TXT "v=DMARC1"' in told
    assert "_report" not in warnings(wish(dns={"dmarc_reports": "dmarc@example.org"}))
    assert "_report" not in warnings(wish(dns={"dmarc_reports": "dmarc"}))


def test_a_relay_that_spf_does_not_name_is_warned_of() -> None:
    bare = {"relay": {"host": "smtp.relay.test"}}
    assert "receivers take your mail for forged" in warnings(wish(mail=bare))
    named = {"relay": {"host": "smtp.relay.test", "spf_include": "spf.relay.test"}}
    assert "smtp.relay.test" not in warnings(wish(mail=named))


def test_a_relay_behind_a_port_that_hetzner_closes_is_warned_of() -> None:
    assert "Hetzner keeps port 465 closed" in warnings(
        wish(mail={"relay": {"host": "smtp.relay.test", "tls": "implicit"}})
    )


def test_who_enters_the_records_is_told_when_the_authority_is_asked() -> None:
    asked = {"certificate": "letsencrypt"}
    told = warnings(wish(mail=asked))
    assert "asks acme-v02.api.letsencrypt.org once all names lead to the cluster" in told
    assert "When `make dns-check` finds everything right, run `pulumi up` again" in told
    assert "asks acme" not in warnings(wish(mail=asked, dns={"provider": "hetzner"}))
    assert "asks acme" not in warnings(wish())


def test_a_token_in_the_database_that_is_good_for_the_servers_is_warned_of() -> None:
    by_records = {"certificate": "letsencrypt", "certificate_challenge": "dns"}
    told = warnings(wish(mail=by_records, dns={"provider": "hetzner"}, dns_challenge_secret="t"))
    assert "it is good for the servers of this stack too" in told
    by_tls = wish(mail={"certificate": "letsencrypt"}, dns={"provider": "hetzner"})
    assert "dns_challenge_secret" not in warnings(by_tls)
