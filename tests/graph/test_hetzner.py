"""What is made at Hetzner: servers by name, what is open, what is pinned and protected, what the records say."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from components.hosts.hetzner.provider import _asked
from tests.graph.harness import Declared, Graph, run
from tests.standins.providers.values import has_secret, is_unknown, plain

OWN = "203.0.113.0/24"
BASE: dict[str, Any] = {
    "platform": "hetzner",
    "nodes": {"mx1": {}, "mx2": {}, "mx3": {}},
    "domains": {"example.org": {}},
    "hetzner": {"ssh_from": [OWN]},
}


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the command line has it."""
    monkeypatch.setenv("HCLOUD_TOKEN", "t" * 64)


def made(graph: Graph, kind: str) -> Iterator[Declared]:
    """Everything of a kind, by its name at Hetzner."""
    return (item for item in graph.made.values() if item.type.endswith(f":{kind}"))


def inputs(graph: Graph, name: str) -> dict[str, Any]:
    return dict(plain(graph.made[name].inputs))


def hetzner(**changed: Any) -> dict[str, Any]:
    return {**BASE, "hetzner": {"ssh_from": [OWN], **changed}}


@pytest.fixture(scope="module")
def cloud() -> Graph:
    """Three nodes with all defaults."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HCLOUD_TOKEN", "t" * 64)
        return run(BASE)


def test_nodes_are_spread_over_locations_which_are_the_failure_zones(cloud: Graph) -> None:
    assert [inputs(cloud, f"hetzner-mx{index}")["location"] for index in (1, 2, 3)] == ["fsn1", "nbg1", "hel1"]
    (database,) = cloud.steps("foundationdb/database.py")
    assert "10.70.1.11:4500=fsn1 10.70.1.12:4500=nbg1 10.70.1.13:4500=hel1" in database.stdin


def test_in_one_location_every_server_is_a_zone_of_its_own() -> None:
    (database,) = run(hetzner(locations=["fsn1"])).steps("foundationdb/database.py")
    assert "10.70.1.11:4500=mx1" in database.stdin
    assert "REDUNDANCY=double" in database.stdin


def test_a_node_stays_where_it_is_when_another_goes() -> None:
    fewer = run({**BASE, "nodes": {"mx2": {}, "mx3": {}}})
    assert [inputs(fewer, f"hetzner-mx{index}")["location"] for index in (2, 3)] == ["nbg1", "hel1"]
    assert inputs(fewer, "hetzner-mx2")["networks"][0]["ip"] == "10.70.1.12"


def test_a_node_may_have_a_type_and_a_location_of_its_own() -> None:
    mixed = run({**BASE, "nodes": {"mx1": {"type": "cax21", "location": "hel1"}, "mx2": {}, "mx3": {}}})
    server = inputs(mixed, "hetzner-mx1")
    assert (server["serverType"], server["location"]) == ("cax21", "hel1")
    assert inputs(mixed, "hetzner-ipv4-mx1")["location"] == "hel1"


def test_only_mail_and_the_operators_ssh_are_open(cloud: Graph) -> None:
    rules = inputs(cloud, "hetzner-firewall")["rules"]
    assert {rule.get("port"): rule["sourceIps"] for rule in rules if rule["protocol"] == "tcp"} == {
        **{port: ["0.0.0.0/0", "::/0"] for port in ("25", "443", "465", "993")},
        "22": [OWN],
    }
    assert all(rule["direction"] == "in" for rule in rules)


def test_more_ports_are_open_by_setting_only() -> None:
    more = run({**BASE, "mail": {"submission": True}, "front": {"sieve": True}})
    assert {"587", "4190"} <= {rule.get("port") for rule in inputs(more, "hetzner-firewall")["rules"]}


def test_the_world_is_no_network_to_open_ssh_to() -> None:
    for networks in ([], ["0.0.0.0/0"], ["::/0"]):
        with pytest.raises(pulumi.RunError, match=r"hetzner\.ssh_from"):
            run(hetzner(ssh_from=networks))


def test_the_host_key_is_made_here_given_at_first_boot_and_pinned(cloud: Graph) -> None:
    server = cloud.made["hetzner-mx1"]
    assert has_secret(server.inputs["userData"])
    assert "KEY" in plain(server.inputs["userData"])
    (prepare, *_) = cloud.steps("host/prepare.sh")
    connection = plain(prepare.inputs)["connection"]
    assert connection["hostKey"] == "ssh-ed25519 AAAA\n"
    assert connection["host"].startswith("203.0.113.")
    assert "hetzner-mx1" in cloud.waits_for(prepare.name)


def test_addresses_outlive_servers_and_have_a_reverse_name(cloud: Graph) -> None:
    assert len(list(made(cloud, "PrimaryIp"))) == 6
    assert not any(plain(address.inputs)["autoDelete"] for address in made(cloud, "PrimaryIp"))
    names = {plain(reverse.inputs)["dnsPtr"] for reverse in made(cloud, "Rdns")}
    assert names == {"out.mail.example.org"}
    assert inputs(cloud, "hetzner-reverse-ipv6-mx1")["ipAddress"].endswith("::1")


def test_the_name_of_the_sender_its_reverse_name_and_its_addresses_agree(cloud: Graph) -> None:
    (first,) = cloud.steps("stalwart/first.py")
    assert '"outgoing": "out.mail.example.org"' in first.stdin
    text = cloud.outputs["dns_records"]["example.org"]
    assert text.count("out.mail 300 IN A ") == 3
    assert text.count("out.mail 300 IN AAAA ") == 3
    assert '@ 300 IN TXT "v=spf1 a:out.mail.example.org -all"' in text


def test_every_ten_servers_of_a_location_have_a_placement_group() -> None:
    many = run({**hetzner(locations=["fsn1"]), "nodes": {f"mx{index}": {} for index in range(1, 24)}})
    groups = [plain(server.inputs)["placementGroupId"] for server in made(many, "Server")]
    assert len(set(groups)) == 3
    assert max(groups.count(group) for group in groups) == 10


def test_no_more_than_ten_servers_are_asked_for_at_once() -> None:
    many = run({**BASE, "nodes": {f"mx{index}": {} for index in range(1, 24)}})
    assert not many.made["hetzner-mx10"].depends & {f"hetzner-mx{index}" for index in range(1, 24)}
    assert "hetzner-mx1" in many.made["hetzner-mx11"].depends
    assert "hetzner-mx11" in many.made["hetzner-mx21"].depends


@pytest.mark.parametrize("protected", [True, False])
def test_protection_covers_everything_that_holds_mail_or_a_name(*, protected: bool) -> None:
    graph = run(hetzner(protection=protected, volume="50GiB"))
    for kind in ("Server", "PrimaryIp", "Volume", "Network"):
        assert all(plain(item.inputs)["deleteProtection"] is protected for item in made(graph, kind)), kind
    assert all(plain(server.inputs)["rebuildProtection"] is protected for server in made(graph, "Server"))


def test_a_volume_of_its_own_holds_the_database() -> None:
    graph = run(hetzner(volume="50GiB"))
    assert inputs(graph, "hetzner-volume-mx1")["size"] == 50
    (prepare, *_) = graph.steps("host/prepare.sh")
    assert "DEVICE=/dev/disk/by-id/scsi-0HC_Volume_" in prepare.stdin
    assert "hetzner-attachment-mx1" in graph.waits_for(prepare.name)


def test_two_stacks_of_one_project_share_no_name(cloud: Graph) -> None:
    for kind in ("Server", "Network", "Firewall", "SshKey", "PrimaryIp", "PlacementGroup"):
        assert all(plain(item.inputs)["name"].startswith("mail-dev") for item in made(cloud, kind)), kind
        assert all(plain(item.inputs)["labels"]["stack"] == "dev" for item in made(cloud, kind)), kind


def test_nothing_is_published_before_mail_was_proved_and_can_leave() -> None:
    graph = run({**BASE, "dns": {"provider": "hetzner"}})
    for record in made(graph, "ZoneRrset"):
        before = graph.waits_for(record.name)
        assert {"proof-mail", "front-outgoing-mx1", "front-outgoing-mx2", "front-outgoing-mx3"} <= before


def test_records_are_known_in_a_preview_but_for_addresses_signing_keys_and_the_digest() -> None:
    graph = run({**BASE, "dns": {"provider": "hetzner"}}, preview=True)
    unknown = {
        record.name
        for record in made(graph, "ZoneRrset")
        if is_unknown(record.inputs["records"]) and plain(record.inputs)["type"] not in {"A", "AAAA"}
    }
    # Of a new stack: the engine knows the keys once they are made.
    assert unknown == {
        "dns-example.org-s1-ed25519._domainkey-txt",
        "dns-example.org-s1-rsa._domainkey-txt",
        "dns-example.org-_ua-auto-config-txt",
    }


def test_keys_that_the_server_makes_are_published_under_its_selectors() -> None:
    domains = {"example.org": {"dkim": {"keys": ["server"]}}}
    graph = run({**BASE, "domains": domains, "dns": {"provider": "hetzner"}})
    record = inputs(graph, "dns-example.org-dkim-rsa")
    assert record["name"] == "v1-rsa._domainkey"
    assert record["records"][0]["value"].startswith('"v=DKIM1; k=rsa')


def test_by_default_mail_is_led_to_every_node(cloud: Graph) -> None:
    text = cloud.outputs["dns_records"]["example.org"]
    for index in (1, 2, 3):
        assert f"@ 300 IN MX 10 mx{index}.mail.example.org." in text
    assert not list(made(cloud, "LoadBalancer"))


def test_a_node_out_of_the_front_is_led_to_by_nothing_and_may_still_send() -> None:
    graph = run({**BASE, "nodes": {"mx1": {}, "mx2": {"front": "out"}, "mx3": {}}})
    text = graph.outputs["dns_records"]["example.org"]
    assert "MX 10 mx2" not in text
    assert text.count("\nmail 300 IN A ") == 2
    assert text.count("\nout.mail 300 IN A ") == 3


BALANCED: dict[str, Any] = {**BASE, "front": {"kind": "load_balancer"}}


def test_behind_a_balancer_servers_take_no_mail_from_the_world() -> None:
    graph = run(BALANCED)
    ports = {rule.get("port") for rule in inputs(graph, "hetzner-firewall")["rules"]}
    assert ports == {"22", None}


def test_a_balancer_leads_every_mail_port_to_the_nodes_by_the_private_network() -> None:
    graph = run(BALANCED)
    services = [plain(service.inputs) for service in made(graph, "LoadBalancerService")]
    assert {service["listenPort"] for service in services} == {25, 443, 465, 993}
    for service in services:
        assert service["proxyprotocol"] is True
        assert (service["protocol"], service["healthCheck"]["port"]) == ("tcp", 8085)
        assert service["healthCheck"]["http"]["path"] == "/ready"
    targets = [plain(target.inputs) for target in made(graph, "LoadBalancerTarget")]
    assert len(targets) == 3
    assert all(target["usePrivateIp"] for target in targets)


def test_mail_servers_trust_exactly_the_balancers_private_address() -> None:
    graph = run(BALANCED)
    assert inputs(graph, "front-balancer-network")["ip"] == "10.70.1.5"
    (first,) = graph.steps("stalwart/first.py")
    assert '"proxies": ["10.70.1.5"]' in first.stdin


def test_a_balancer_gets_a_node_last_when_its_probe_answers() -> None:
    graph = run(BALANCED)
    for target in made(graph, "LoadBalancerTarget"):
        assert {"mail-start-mx2", "front-probe-mx1", "front-probe-mx2", "front-probe-mx3"} <= graph.waits_for(
            target.name
        )


def test_the_records_lead_to_the_balancer() -> None:
    text = run(BALANCED).outputs["dns_records"]["example.org"]
    assert "@ 300 IN MX 10 mail.example.org." in text
    assert "\nmail 300 IN A 198.51.100.7" in text
    assert "\nmail 300 IN AAAA 2001:db8:b::1" in text


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"type": "cx99"}, "hetzner.type: Hetzner has no server type cx99"),
        ({"type": "cx23"}, "hetzner.type: cx23 is not offered in hel1"),
        ({"locations": ["fsn1", "ash"]}, "hetzner.locations: a private network lies in one network zone"),
        ({"subnet": "10.80.1.0/24"}, "hetzner.subnet: 10.80.1.0/24 is not in hetzner.network"),
        ({"image": "ubuntu-24.04"}, "hetzner.image"),
        ({"volume": "5GiB"}, "hetzner.volume: a volume has 10GiB to 10240GiB"),
    ],
)
def test_what_hetzner_does_not_have_is_refused_in_a_preview(changed: dict[str, Any], told: str) -> None:
    declared = Graph()
    with pytest.raises(pulumi.RunError) as refused:
        run(hetzner(**changed), preview=True, graph=declared)
    assert told in str(refused.value)
    assert not list(made(declared, "Server"))


def test_a_zone_that_is_not_ours_is_refused_in_a_preview() -> None:
    with pytest.raises(pulumi.RunError, match=r"dns\.zones: this project at Hetzner has no zone elsewhere\.org"):
        run({**BASE, "domains": {"elsewhere.org": {}}, "dns": {"provider": "hetzner"}}, preview=True)


def test_without_a_token_the_way_to_one_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HCLOUD_TOKEN")
    with pytest.raises(pulumi.RunError, match="hcloud:token: is missing"):
        run(BASE)


def test_what_it_costs_is_told_with_the_day_of_the_prices(cloud: Graph) -> None:
    cost = cloud.outputs["cost"]
    assert cost["euros_a_month"] == pytest.approx(3 * 5.49 + 3 * 0.5)
    assert cost["prices_of"] == "2025-10-21"
    assert cost["unknown"] == []


def test_a_type_without_a_price_is_said_to_be_unknown() -> None:
    from components.cost.estimate import estimate  # noqa: PLC0415  # here only
    from components.settings import check  # noqa: PLC0415  # here only
    from components.topology import plan  # noqa: PLC0415  # here only

    wish = check({**BASE, "hetzner": {"ssh_from": [OWN], "type": "cx99"}})
    found = estimate(wish, plan(wish))
    assert found is not None
    assert found.unknown == ("server cx99",)
    assert "unknown: server cx99" in str(found)


CERTIFIED: dict[str, Any] = {**BASE, "mail": {"certificate": "letsencrypt_staging"}, "dns": {"provider": "hetzner"}}


def test_a_certificate_is_asked_for_when_the_names_lead_here() -> None:
    graph = run(CERTIFIED)
    (asked,) = graph.steps("certificate/ask.py")
    assert {record.name for record in made(graph, "ZoneRrset")} <= graph.waits_for(asked.name)
    assert "acme-staging-v02" in asked.stdin
    assert graph.outputs["certificate"]["issued"] is True


def test_every_name_of_a_certificate_has_a_record_that_leads_here() -> None:
    graph = run(CERTIFIED)
    (asked,) = graph.steps("certificate/ask.py")
    names = json.loads(re.search(r"NAMES='(.*)'", asked.stdin)[1])["example.org"]  # type: ignore[index]  # it is there
    text = graph.outputs["dns_records"]["example.org"]
    assert {"mail.example.org", "mx1.mail.example.org", "autoconfig.example.org"} <= set(names)
    for name in names:
        relative = name.removesuffix(".example.org")
        assert f"\n{relative} 300 IN A " in text or f"\n{relative} 300 IN CNAME mail.example.org." in text, name


def test_by_default_nobody_else_is_asked_for_a_certificate(cloud: Graph) -> None:
    assert not cloud.steps("certificate/ask.py")
    assert cloud.outputs["certificate"]["source"] == "private"


def test_an_authority_that_the_records_forbid_is_refused() -> None:
    with pytest.raises(pulumi.RunError, match=r"dns\.caa: it forbids letsencrypt\.org"):
        run({**CERTIFIED, "dns": {"provider": "hetzner", "caa": ["sectigo.com"]}})


def test_an_api_out_of_reach_is_not_taken_for_one_that_lacks_the_type() -> None:
    def look() -> None:
        message = "dial tcp: lookup api.example: no such host"
        raise RuntimeError(message)

    with pytest.raises(pulumi.RunError, match="could not be asked: dial tcp"):
        _asked(look)


def test_through_a_relay_port_25_does_not_matter() -> None:
    graph = run({**BASE, "mail": {"relay": {"host": "smtp.relay.test"}}})
    assert not graph.steps("front/outgoing.sh")
    assert len(graph.steps("stalwart/relay.py")) == 3
