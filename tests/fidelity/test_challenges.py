"""How an authority is shown that names are ours, and what failed is tried again: the stand-in answers as Stalwart."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lib.certificate import asked, challenge, held, issue, orders
from lib.certificate.challenge import BY_RECORDS, BY_TLS, Challenge
from lib.console import Failed
from lib.stalwart.change import write
from lib.stalwart.jmap import Client, Refused

from tests.standins.stalwart import acme, jmap
from tests.standins.stalwart.node import Node

from .conftest import _until
from .test_certificates import LETSENCRYPT, NAMES, client
from .test_stalwart import RECOVERY, node, recorded

__all__ = ["client", "node"]
TSIG = {
    "@type": "Tsig",
    "host": "203.0.113.53",
    "port": 5353,
    "protocol": "tcp",
    "keyName": "mail-key",
    "tsigAlgorithm": "hmac-sha256",
}
UPDATES = Challenge(TSIG, "c2VjcmV0", {"dev.test": "dev.test", "two.test": None})
HETZNER = Challenge({"@type": "Hetzner"}, "token", {"dev.test": "dev.test", "two.test": "two.test"})


def ask(client: Client, way: Challenge, gone: str = "") -> str:
    """What the step does, up to the wait; with a domain more that is not in the stack file later."""
    if gone:
        client.call(("x:Domain/set", {"create": {"d": {"name": gone}}}))
    domains = asked.read(client)
    challenge.prepare(client, way, domains)
    account = challenge.account(client, LETSENCRYPT, way.kind, "postmaster@dev.test")
    issue.ask(client, LETSENCRYPT, account, NAMES)
    if way.kind == BY_TLS:
        challenge.clear(client, domains)
    return account


def listed(client: Client, name: str) -> list[dict[str, Any]]:
    (answer,) = client.call((f"x:{name}/get", {"ids": None}))
    return list(answer["list"])


def domain(client: Client, name: str) -> dict[str, Any]:
    return next(item for item in listed(client, "Domain") if item["name"] == name)


def test_the_mail_servers_may_write_challenges_and_publish_nothing(client: Client) -> None:
    ask(client, UPDATES)
    (server,) = listed(client, "DnsServer")
    assert {key: server[key] for key in TSIG} == TSIG
    assert server["key"] == {"@type": "Value", "secret": "****"}
    for name, zone in UPDATES.zones.items():
        found = domain(client, name)
        assert found["dnsManagement"] == {
            "@type": "Automatic",
            "dnsServerId": server["id"],
            "origin": zone,
            "publishRecords": {"tlsRpt": True},
        }
        # Without it there is no such record. Source: crates/common/src/network/dns/records.rs.
        assert found["reportAddressUri"] is None
    _until(lambda: bool(issue.issued(client, NAMES)), "certificates")


def test_the_second_time_only_the_secret_is_written_which_nobody_can_read(client: Client) -> None:
    ask(client, UPDATES)
    before = listed(client, "Domain")
    assert challenge.prepare(client, UPDATES, asked.read(client)) == []
    assert len(listed(client, "DnsServer")) == 1
    assert listed(client, "Domain") == before


def test_from_records_to_tls_the_account_stays_and_the_secret_goes(client: Client) -> None:
    first = ask(client, UPDATES)
    assert [provider["challengeType"] for provider in listed(client, "AcmeProvider")] == [BY_RECORDS]
    assert ask(client, Challenge()) == first
    assert [provider["challengeType"] for provider in listed(client, "AcmeProvider")] == [BY_TLS]
    assert listed(client, "DnsServer") == []
    found = domain(client, "dev.test")
    assert found["dnsManagement"] == {"@type": "Manual"}
    assert found["reportAddressUri"] == "mailto:postmaster"
    assert found["certificateManagement"]["@type"] == "Automatic"


def test_another_provider_of_the_zones_takes_the_place_of_the_former(client: Client) -> None:
    ask(client, UPDATES)
    ask(client, HETZNER)
    (server,) = listed(client, "DnsServer")
    assert server["@type"] == "Hetzner"
    assert {domain(client, name)["dnsManagement"]["dnsServerId"] for name in NAMES} == {server["id"]}


@pytest.mark.parametrize("after", [HETZNER, Challenge()])
def test_a_domain_that_was_taken_out_of_the_stack_file_keeps_no_key(client: Client, after: Challenge) -> None:
    """It stays in the server, with its mail."""
    ask(client, replace(UPDATES, zones={**UPDATES.zones, "gone.test": "gone.test"}), gone="gone.test")
    ask(client, after)
    assert domain(client, "gone.test")["dnsManagement"] == {"@type": "Manual"}
    assert [server["@type"] for server in listed(client, "DnsServer")] == (["Hetzner"] if after.server else [])


def test_a_secret_that_is_none_is_refused_with_a_sentence_that_does_not_tell_it(client: Client) -> None:
    with pytest.raises(Failed) as refused:
        challenge.prepare(client, Challenge(TSIG, "not base64!", UPDATES.zones), asked.read(client))
    assert "takes no key for challenges" in str(refused.value)
    assert "not base64!" not in str(refused.value)


def test_a_domain_without_a_zone_is_not_asked_for_by_records(client: Client) -> None:
    account = challenge.account(client, LETSENCRYPT, BY_RECORDS, "postmaster@dev.test")
    with pytest.raises(Failed, match="ACME provider requires automatic DNS management"):
        issue.ask(client, LETSENCRYPT, account, NAMES)


def exchanged(node: Node, number: str, **renamed: str) -> tuple[list[Any], list[Any]]:
    """The answers of the stand-in and of the real server to the same request; ids of the real one are renamed."""
    text = json.dumps(recorded(number))
    for theirs, ours in renamed.items():
        text = text.replace(theirs, ours)
    found = json.loads(text)
    return jmap.respond(node, RECOVERY, found["request"])["methodResponses"], found["response"]["methodResponses"]


def test_what_cannot_be_is_refused_as_the_real_server_refuses_it(node: Node) -> None:
    ours, theirs = exchanged(node, "80")
    for (method, answer, _), (real_method, real, _) in zip(ours, theirs, strict=True):
        assert (method, answer.get("notCreated")) == (real_method, real.get("notCreated"))
    assert ours[-1][1]["type"] == theirs[-1][1]["type"] == "unsupportedFilter"


def test_accounts_and_who_takes_records_are_listed_as_the_real_server_lists_them(client: Client, node: Node) -> None:
    ours, theirs = exchanged(node, "81")
    servers, real_servers = (found[1][1]["list"] for found in (ours, theirs))
    assert [{**one, "id": ""} for one in servers] == [{**one, "id": ""} for one in real_servers]
    (account,), (real_account,) = (found[3][1]["list"] for found in (ours, theirs))
    named = {"id", "accountUri", "description"}
    assert {key: part for key, part in account.items() if key not in named} == {
        key: part for key, part in real_account.items() if key not in named
    }
    assert set(account) == set(real_account)
    assert ours[4][1]["notCreated"] == theirs[4][1]["notCreated"]

    made = {real[1]["created"][name]["id"]: our[1]["created"][name]["id"] for our, real, name in _made(ours, theirs)}
    ours, theirs = exchanged(node, "82", **made)
    linked = [answer["notDestroyed"] for _, answer, _ in (ours[0], ours[3])]
    real_linked = [answer["notDestroyed"] for _, answer, _ in (theirs[0], theirs[3])]
    for mine, real in zip(linked, real_linked, strict=True):
        ((identity, detail),) = mine.items()
        assert {**detail, "linkedObjects": []} == {**real[identity], "linkedObjects": []}
        assert [one["object"] for one in detail["linkedObjects"]] == ["Domain"]
    for index in (1, 2, 4):
        assert ours[index][1] == {**theirs[index][1], "accountId": ours[index][1]["accountId"]}


def _made(ours: list[Any], theirs: list[Any]) -> list[tuple[Any, Any, str]]:
    """The answers that made objects, with the name of each in the request."""
    return [(ours[0], theirs[0], "tsig"), (ours[2], theirs[2], "p")]


def test_what_a_domain_needs_is_not_taken_out(client: Client) -> None:
    account = ask(client, UPDATES)
    (server,) = listed(client, "DnsServer")
    for name, identity in (("DnsServer", server["id"]), ("AcmeProvider", account)):
        with pytest.raises(Refused, match="objectIsLinked"):
            client.call((f"x:{name}/set", {"destroy": [identity]}))


def test_an_account_has_a_person_behind_it(client: Client) -> None:
    with pytest.raises(Refused, match="At least one contact email is required"):
        client.call(("x:AcmeProvider/set", {"create": {"p": {"directory": LETSENCRYPT}}}))


def lacking(client: Client) -> dict[str, str]:
    return issue.lacking(client, NAMES)


@pytest.mark.parametrize("for_good", [False, True])
def test_what_failed_is_told_and_tried_again_once_the_cause_is_gone(
    client: Client, monkeypatch: pytest.MonkeyPatch, *, for_good: bool
) -> None:
    with monkeypatch.context() as refusing:
        refusing.setattr(acme, "authority_says", lambda _names: ("Authentication failed: NXDOMAIN", for_good))
        ask(client, Challenge())
        _until(lambda: len(why(client)) == len(NAMES), "the reasons")
        assert why(client) == dict.fromkeys(NAMES, "Authentication failed: NXDOMAIN")
    now = datetime.now(UTC)
    changes = list(orders.begun_again(orders.read(client, lacking(client)), lacking(client), now))
    assert [change.what for change in changes] == [
        f"certificate of {name}: asked for again, after: Authentication failed: NXDOMAIN" for name in NAMES
    ]
    write(client, changes)
    _until(lambda: bool(issue.issued(client, NAMES)), "certificates")
    assert why(client) == {}


def why(client: Client) -> dict[str, str]:
    """What is told of domains for which nothing is tried now."""
    found = orders.read(client, lacking(client))
    resting = orders.all_rest(found, lacking(client), datetime.now(UTC))
    return orders.trouble(found, lacking(client)) if resting else {}


def test_what_is_tried_now_is_left_alone_and_so_is_who_asked_for_a_pause() -> None:
    now = datetime.now(UTC)
    later, earlier = now + timedelta(hours=1), now - timedelta(seconds=1)
    at_work = orders.Order("t1", "d1", earlier, "a former reason")
    paused = orders.Order("t2", "d2", later, "Rate limited. Retry after 3600 seconds")
    assert not list(orders.begun_again([at_work, paused], {"d1": "dev.test", "d2": "two.test"}, now))


def test_a_certificate_that_was_taken_out_by_hand_is_asked_for_again(client: Client) -> None:
    ask(client, Challenge())
    _until(lambda: bool(issue.issued(client, NAMES)), "certificates")
    gone = next(one for one in held.read(client) if one.names == frozenset(NAMES["dev.test"]))
    client.call(("x:Certificate/set", {"destroy": [gone.id]}))
    write(client, list(orders.begun_again(orders.read(client, lacking(client)), lacking(client), datetime.now(UTC))))
    _until(lambda: bool(issue.issued(client, NAMES)), "a certificate in its place")


def test_an_authority_is_settled_when_it_has_issued_for_these_names_and_no_other_is_asked(client: Client) -> None:
    assert not issue.is_settled(client, LETSENCRYPT, NAMES)
    ask(client, Challenge())
    _until(lambda: bool(issue.issued(client, NAMES)), "certificates")
    assert issue.is_settled(client, LETSENCRYPT, NAMES)
    assert not issue.is_settled(client, "https://acme.other.test/directory", NAMES)
    assert not issue.is_settled(client, LETSENCRYPT, {**NAMES, "dev.test": [*NAMES["dev.test"], "mx9.mail.dev.test"]})


def test_the_nodes_own_thread_asks_for_what_a_client_orders(client: Client, node: Node) -> None:
    """A task that a client makes names a domain that is there."""
    task = {"@type": "AcmeRenewal", "domainId": "nobody", "status": {"@type": "Pending", "due": "2026-01-01T00:00:00Z"}}
    with pytest.raises(Refused, match="invalidForeignKey"):
        client.call(("x:Task/set", {"create": {"t": task}}))
