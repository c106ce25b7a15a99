"""Rented servers, with lab hosts in their place: from nothing to mail that the world finds, changed, and given back."""

import os
import socketserver
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from ipaddress import IPv4Address
from smtplib import SMTP
from typing import Any

import dns.resolver
import dns.reversename
import pytest
from lib.mailbox import hand_in, subjects

from tests.rehearsal import packages
from tests.standins.balancer import Balancer, HealthCheck, Service
from tests.standins.dns.server import NameServer
from tests.standins.providers.hcloud.addresses import Pool
from tests.standins.providers.hcloud.cloud import Cloud
from tests.standins.providers.plugins import attached

from .conftest import Lab
from .machines import NETWORK, LabMachines
from .people import administrator, mail, until

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

GATEWAY = "10.81.0.1"
PUBLIC = [IPv4Address("10.81.2.0") + index for index in range(1, 200)]
BALANCER = "10.81.1.5"
RESOLVER = "10.81.0.53"
CONFIG: dict[str, Any] = {
    "platform": "hetzner",
    "allow": ["destroy"],
    "nodes": {"mx1": {}, "mx2": {}, "mx3": {}},
    "domains": {"example.org": {}},
    "dns": {"provider": "hetzner"},
    "hetzner": {
        "network": NETWORK,
        "subnet": "10.81.1.0/24",
        "ssh_from": ["203.0.113.0/24"],
        "port_25_targets": [GATEWAY],
    },
}


class Greeter(socketserver.StreamRequestHandler):
    """A mail server of somebody else."""

    def handle(self) -> None:
        self.wfile.write(b"220 elsewhere.test ESMTP\r\n")


class Elsewhere(socketserver.ThreadingTCPServer):
    """Where it listens. A run that ended a moment ago may have left connections."""

    allow_reuse_address = True
    daemon_threads = True


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """A project with a zone, whose servers are lab hosts."""
    machines = LabMachines("hetzner")
    project = Cloud(machines=machines, pool=Pool(PUBLIC))
    project.add_zone("example.org")
    with Elsewhere((GATEWAY, 25), Greeter) as elsewhere:
        threading.Thread(target=elsewhere.serve_forever, daemon=True).start()
        yield project
        elsewhere.shutdown()
    for server in project.all("server"):
        machines.remove(server["name"])
    machines.close()


@pytest.fixture(scope="module")
def stack(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The stack, up and proved."""
    place = tmp_path_factory.mktemp("hetzner")
    with ExitStack() as held:
        environment = held.enter_context(attached(cloud=cloud))
        patch = held.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("HCLOUD_TOKEN", "good".ljust(64, "0"))
        mirror = str(packages.mirror(place, "7.4.6", "0.16.27"))
        made = Lab(place / "stack", "th", environment, {**CONFIG, "mirror": mirror})
        try:
            made.up()
            yield made
        finally:
            with suppress(Exception):
                made.destroy()


def configure(stack: Lab, **changed: Any) -> None:
    stack.config |= {f"stalwart-cluster:{key}": value for key, value in changed.items()}


def published(cloud: Cloud) -> dict[str, str]:
    """The zones as they are now, without the head that the name server has for each."""
    lines = [
        line for line in cloud.zone_text("example.org").splitlines() if not {"SOA", "NS", "$TTL"} & {*line.split()}
    ]
    return {"example.org": "\n".join(lines) + "\n", "arpa": cloud.reverse_text()}


@pytest.fixture
def resolver(cloud: Cloud) -> Iterator[dns.resolver.Resolver]:
    """What the world is told, by a name server that serves the zone as it is now."""
    with NameServer(published(cloud)) as server:
        asked = dns.resolver.Resolver(configure=False)
        asked.nameservers, asked.port = ["127.0.0.1"], server.port
        yield asked


def texts(resolver: dns.resolver.Resolver, name: str) -> list[str]:
    return [b"".join(record.strings).decode() for record in resolver.resolve(name, "TXT")]


def test_servers_are_made_and_the_cluster_is_proved_by_mail(stack: Lab, cloud: Cloud) -> None:
    assert {server["name"] for server in cloud.all("server")} == {"mail-th-mx1", "mail-th-mx2", "mail-th-mx3"}
    outputs = stack.outputs()
    assert len(outputs["verification"]["pairs"]) == 6
    assert outputs["fault_tolerance"]["without_losing_data"] == 1
    assert {node["zone"] for node in outputs["nodes"].values()} == {"fsn1", "nbg1", "hel1"}
    assert "rehearsal" not in outputs


def test_a_sending_server_finds_the_exchangers_and_they_greet(stack: Lab, resolver: dns.resolver.Resolver) -> None:
    exchangers = [str(record.exchange) for record in resolver.resolve("example.org", "MX")]
    assert len(exchangers) == 3
    for exchanger in exchangers:
        (address,) = resolver.resolve(exchanger, "A")
        with SMTP(str(address), 25, timeout=10) as session:
            assert session.noop()[0] == 250


def test_a_receiving_server_finds_that_names_addresses_and_policies_agree(
    stack: Lab, resolver: dns.resolver.Resolver
) -> None:
    sending = {str(record) for record in resolver.resolve("out.mail.example.org", "A")}
    assert len(sending) == 3
    for address in sending:
        (name,) = resolver.resolve(dns.reversename.from_address(address), "PTR")
        assert str(name) == "out.mail.example.org."
    assert "v=spf1 a:out.mail.example.org -all" in texts(resolver, "example.org")
    assert texts(resolver, "_dmarc.example.org")[0].startswith("v=DMARC1; p=none;")
    signing = [
        line.split()[0] for line in stack.outputs()["dns_records"]["example.org"].splitlines() if "v=DKIM1" in line
    ]
    assert len(signing) == 2
    for selector in signing:
        assert texts(resolver, f"{selector}.example.org")[0].startswith("v=DKIM1; k=")


def test_an_unchanged_up_changes_nothing(stack: Lab, cloud: Cloud) -> None:
    before = cloud.calls["server.create"]
    assert set(stack.up().summary.resource_changes or {}) == {"same"}
    assert cloud.calls["server.create"] == before


def test_a_larger_type_is_changed_in_place(stack: Lab, cloud: Cloud) -> None:
    number = cloud.named("server", "mail-th-mx2")["id"]
    configure(stack, nodes={"mx1": {}, "mx2": {"type": "cx43"}, "mx3": {}})
    changes = {str(kind): count for kind, count in (stack.up().summary.resource_changes or {}).items()}
    assert not {"create", "replace", "delete"} & set(changes)
    assert cloud.named("server", "mail-th-mx2")["id"] == number


def test_a_server_is_not_moved_and_the_reason_is_told(stack: Lab, cloud: Cloud) -> None:
    number = cloud.named("server", "mail-th-mx2")["id"]
    kept = stack.config["stalwart-cluster:nodes"]
    configure(stack, nodes={"mx1": {}, "mx2": {"type": "cx43", "location": "hel1"}, "mx3": {}})
    with pytest.raises(Exception, match="a member is not moved to another zone"):
        stack.up()
    assert cloud.named("server", "mail-th-mx2")["id"] == number
    configure(stack, nodes=kept)
    stack.up()


def test_behind_a_balancer_mail_is_handed_in_and_read(stack: Lab, cloud: Cloud) -> None:
    configure(stack, front={"kind": "load_balancer"})
    stack.up()
    (rented,) = cloud.all("load_balancer")
    services = [Service(one["listenPort"], one["destinationPort"]) for one in rented["services"].values()]
    assert isinstance(cloud.machines, LabMachines)
    cloud.machines.own(rented["ipv4"])
    cloud.machines.own(BALANCER)
    targets = [f"10.81.1.1{index}" for index in (1, 2, 3)]
    who = administrator(stack)
    with Balancer([rented["ipv4"]], services, HealthCheck(8085), targets, source=BALANCER) as balancer:
        until(lambda: all(balancer.health.values()), "every node to be healthy")
        hand_in(rented["ipv4"], who, [mail(who, "by the balancer")])
        until(lambda: "by the balancer" in subjects(rented["ipv4"], who), "the mail, by the balancer")

        stack.ssh("mx1", "systemctl stop stalwart")
        until(lambda: balancer.health[targets[0]] is False, "the node without its mail server to be left out")
        hand_in(rented["ipv4"], who, [mail(who, "without mx1")])
        until(lambda: "without mx1" in subjects(rented["ipv4"], who), "a mail without mx1")
        stack.ssh("mx1", "systemctl start stalwart")
        until(lambda: balancer.health[targets[0]] is True, "the node to be taken in again", 60)


def test_a_node_is_taken_out_of_the_front_by_a_setting(stack: Lab, cloud: Cloud) -> None:
    configure(stack, nodes={"mx1": {}, "mx2": {"type": "cx43", "front": "out"}, "mx3": {}})
    stack.up()
    (rented,) = cloud.all("load_balancer")
    assert len(rented["targets"]) == 2


def test_back_from_the_balancer_to_names_alone(stack: Lab, cloud: Cloud) -> None:
    configure(stack, front={"kind": "dns"}, nodes={"mx1": {}, "mx2": {"type": "cx43"}, "mx3": {}})
    stack.up()
    assert not cloud.all("load_balancer")
    assert "inactive" in stack.ssh("mx1", "systemctl is-active stalwart-probe || true")
    who = administrator(stack)
    hand_in("10.81.1.11", who, [mail(who, "without a balancer")])
    until(lambda: "without a balancer" in subjects("10.81.1.12", who), "the mail")


def test_a_node_more_is_taken_in(stack: Lab, resolver: dns.resolver.Resolver, cloud: Cloud) -> None:
    configure(stack, nodes={"mx1": {}, "mx2": {"type": "cx43"}, "mx3": {}, "mx4": {}})
    stack.up()
    outputs = stack.outputs()
    assert outputs["nodes"]["mx4"]["node_id"] == 3
    assert len(outputs["verification"]["pairs"]) == 12
    assert "10 mx4.mail.example.org." in cloud.zone_text("example.org")


def test_the_first_node_is_taken_out_and_no_mail_is_lost(stack: Lab, cloud: Cloud) -> None:
    who = administrator(stack)
    hand_in("10.81.1.11", who, [mail(who, "before the first node went")])
    until(lambda: "before the first node went" in subjects("10.81.1.12", who), "the mail")
    configure(stack, nodes={"mx2": {"type": "cx43"}, "mx3": {}, "mx4": {}})
    stack.up()
    outputs = stack.outputs()
    assert outputs["fault_tolerance"]["without_losing_data"] == 1
    assert outputs["fault_tolerance"]["coordinators_reachable"] == 3
    assert {server["name"] for server in cloud.all("server")} == {f"mail-th-mx{index}" for index in (2, 3, 4)}
    assert "mx1" not in cloud.zone_text("example.org")
    assert "before the first node went" in subjects("10.81.1.14", who)
    assert set(stack.up().summary.resource_changes or {}) == {"same"}


@pytest.mark.skipif("TEST_MIRROR" in os.environ, reason="the real server asks the real authority")
def test_a_certificate_is_asked_of_an_authority_when_the_world_leads_to_the_cluster(stack: Lab, cloud: Cloud) -> None:
    assert isinstance(cloud.machines, LabMachines)
    cloud.machines.own(RESOLVER)
    # The first of the nodes asks.
    asks = min(stack.outputs()["nodes"])
    stack.ssh(asks, f"echo nameserver {RESOLVER} >/etc/resolv.conf")
    configure(stack, mail={"certificate": "letsencrypt_staging"})
    with NameServer(published(cloud), (RESOLVER, 53)):
        stack.up()
        assert stack.outputs()["certificate"]["issued"] is True
        assert set(stack.up().summary.resource_changes or {}) == {"same"}


def test_destroy_gives_everything_back(stack: Lab, cloud: Cloud) -> None:
    stack.destroy()
    for kind in (
        "server",
        "primary_ip",
        "network",
        "firewall",
        "placement_group",
        "ssh_key",
        "volume",
        "load_balancer",
    ):
        assert not cloud.all(kind), kind
    assert not cloud.reverse()
    (zone,) = cloud.all("zone")
    assert {record["type"] for record in zone["rrsets"].values()} == {"SOA", "NS"}
