"""The stand-in for Hetzner Cloud under the real engine, with programs of a few lines."""

import gc
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pulumi
import pulumi_hcloud as hcloud
import pytest
import yaml
from pulumi import automation

from tests.rehearsal import engine
from tests.standins.providers.hcloud.addresses import Pool
from tests.standins.providers.hcloud.cloud import Cloud, token
from tests.standins.providers.hcloud.machines import Order
from tests.standins.providers.plugins import attached

pytestmark = [
    pytest.mark.engine,
    pytest.mark.timeout(300),
    # The SDK leaves coroutines behind where a run fails, as many here are meant to; the fixture collects them.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGxlYXJudGxlYXJudGxlYXJudGxlYXJudGxlYXI="
KEPT: dict[str, Any] = {"auto_delete": False, "location": "nbg1"}


class Machines:
    """Writes down what would be started."""

    def __init__(self) -> None:
        self.running: dict[str, Order] = {}

    def boot(self, server: Order) -> None:
        self.running[server["name"]] = server

    def remove(self, name: str) -> None:
        del self.running[name]


@pytest.fixture
def machines() -> Machines:
    """No machine yet."""
    return Machines()


@pytest.fixture
def cloud(machines: Machines) -> Cloud:
    """An empty project whose token is in the environment."""
    pool = Pool(v4=[IPv4Address(f"203.0.113.{number}") for number in range(1, 100)])
    return Cloud(machines=machines, pool=pool, environment={"HCLOUD_TOKEN": token()})


Stack = Callable[[Callable[[], object]], automation.Stack]


@pytest.fixture
def stack(tmp_path: Path, cloud: Cloud) -> Iterator[Stack]:
    """One stack, with the program that is given."""
    (tmp_path / "backend").mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "Pulumi.yaml").write_text(yaml.safe_dump({"name": "clouds", "runtime": "python"}))
    with attached(cloud=cloud) as environment:
        options = automation.LocalWorkspaceOptions(
            work_dir=str(tmp_path / "work"),
            pulumi_command=automation.PulumiCommand(str(engine.root())),
            pulumi_home=str(tmp_path / "home"),
            env_vars={
                "PULUMI_BACKEND_URL": f"file://{tmp_path / 'backend'}",
                "PULUMI_CONFIG_PASSPHRASE": "of a test",
                "PULUMI_SKIP_UPDATE_CHECK": "1",
                "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
                **environment,
            },
        )

        def made(program: Callable[[], object]) -> automation.Stack:
            def run() -> None:
                program()

            return automation.create_or_select_stack("test", "clouds", run, opts=options)

        yield made
    gc.collect()


def server(title: str = "mx1", **changed: Any) -> hcloud.Server:
    """A server of the smallest kind."""
    usual = {"name": title, "server_type": "cx23", "image": "debian-13", "location": "nbg1"}
    return hcloud.Server(title, **(usual | changed))


def failure(made: automation.Stack) -> str:
    """What an `up` that fails says."""
    with pytest.raises(automation.CommandError) as failed:
        made.up(color="never")
    return str(failed.value)


def changes(result: automation.UpResult) -> dict[str, int]:
    """How many resources were made, changed and so on; none that stayed the same."""
    counted = {str(kind): count for kind, count in (result.summary.resource_changes or {}).items()}
    return {kind: count for kind, count in counted.items() if kind != "same"}


def whole() -> None:
    """Two servers in a network behind a load balancer, with names, a volume and a zone."""
    network = hcloud.Network("net", name="net", ip_range="10.0.0.0/16")
    number = network.id.apply(int)
    subnet = hcloud.NetworkSubnet(
        "subnet", network_id=number, type="cloud", network_zone="eu-central", ip_range="10.0.1.0/24"
    )
    key = hcloud.SshKey("key", public_key=KEY)
    rule = hcloud.FirewallRuleArgs(direction="in", protocol="tcp", port="25", source_ips=["0.0.0.0/0", "::/0"])
    firewall = hcloud.Firewall("wall", rules=[rule])
    group = hcloud.PlacementGroup("spread", type="spread")
    balancer = hcloud.LoadBalancer("front", load_balancer_type="lb11", location="nbg1")
    plugged = hcloud.LoadBalancerNetwork("front", load_balancer_id=balancer.id.apply(int), subnet_id=subnet.id)
    check = hcloud.LoadBalancerServiceHealthCheckArgs(protocol="tcp", port=25, interval=5, timeout=4, retries=2)
    hcloud.LoadBalancerService(
        "smtp",
        load_balancer_id=balancer.id,
        protocol="tcp",
        listen_port=25,
        destination_port=25,
        proxyprotocol=True,
        health_check=check,
    )
    zone = hcloud.Zone("zone", name="example.org", mode="primary")
    for index in (1, 2):
        address = hcloud.PrimaryIp(f"v4-{index}", type="ipv4", **KEPT)
        host = server(
            f"mx{index}",
            ssh_keys=[key.name],
            user_data="#cloud-config\n",
            placement_group_id=group.id.apply(int),
            firewall_ids=[firewall.id.apply(int)],
            public_nets=[hcloud.ServerPublicNetArgs(ipv4=address.id.apply(int))],
            networks=[hcloud.ServerNetworkArgs(network_id=number, ip=f"10.0.1.1{index}", alias_ips=[])],
            delete_protection=True,
            rebuild_protection=True,
            opts=pulumi.ResourceOptions(depends_on=[subnet]),
        )
        hcloud.Rdns(
            f"ptr-{index}",
            primary_ip_id=address.id.apply(int),
            ip_address=address.ip_address,
            dns_ptr=f"mx{index}.example.org",
        )
        hcloud.LoadBalancerTarget(
            f"to-{index}",
            load_balancer_id=balancer.id.apply(int),
            type="server",
            server_id=host.id.apply(int),
            use_private_ip=True,
            opts=pulumi.ResourceOptions(depends_on=[plugged]),
        )
        hcloud.ZoneRrset(
            f"a-{index}",
            zone=zone.name,
            name=f"mx{index}",
            type="A",
            records=[hcloud.ZoneRrsetRecordArgs(value=address.ip_address)],
        )
        disk = hcloud.Volume(f"disk-{index}", size=10, location="nbg1", format="ext4")
        hcloud.VolumeAttachment(f"disk-{index}", volume_id=disk.id.apply(int), server_id=host.id.apply(int))
        pulumi.export(f"mx{index}", host.ipv4_address)


def test_a_whole_project_is_made_looked_at_and_left_alone(stack: Stack, cloud: Cloud, machines: Machines) -> None:
    planned = stack(whole).preview()
    assert planned.change_summary.get(automation.OpType.CREATE) == 24
    assert not cloud.calls, "a preview asks for nothing"

    outputs = stack(whole).up().outputs
    assert cloud.calls["server.create"] == 2
    mx1 = machines.running["mx1"]
    assert mx1["ipv4"] == outputs["mx1"].value
    assert (mx1["private_address"], mx1["user_data"], mx1["ssh_keys"]) == ("10.0.1.11", "#cloud-config\n", [KEY])
    assert mx1["ipv4"].startswith("203.0.113.")
    assert f"mx1 3600 IN A {mx1['ipv4']}\n" in cloud.zone_text("example.org")
    assert cloud.reverse()[mx1["ipv4"]] == "mx1.example.org"
    assert len(cloud.all("load_balancer")[0]["targets"]) == 2

    made = stack(whole)
    made.refresh()
    assert changes(made.up()) == {}
    assert cloud.calls["server.create"] == 2


def test_a_protected_server_stays_until_its_protection_is_lifted(stack: Stack, cloud: Cloud) -> None:
    stack(lambda: server(delete_protection=True, rebuild_protection=True)).up()
    with pytest.raises(automation.CommandError, match=r"server deletion is protected \(protected, [0-9a-f]+\)"):
        stack(server).destroy()
    assert changes(stack(server).up()) == {"update": 1}
    stack(server).destroy()
    assert cloud.all("server") == []


def test_another_type_changes_the_server_in_place(stack: Stack, cloud: Cloud) -> None:
    stack(lambda: server(keep_disk=True)).up()
    before = dict(cloud.named("server", "mx1"))
    assert changes(stack(lambda: server(keep_disk=True, server_type="cx33")).up()) == {"update": 1}
    after = cloud.named("server", "mx1")
    assert after == {**before, "serverType": "cx33"}
    assert cloud.calls["server.poweroff"] == cloud.calls["server.change_type"] == 1

    assert "another architecture" in failure(stack(lambda: server(keep_disk=True, server_type="cax21")))


def test_another_location_replaces_the_server_and_a_named_one_goes_first(stack: Stack, cloud: Cloud) -> None:
    """Its address is of the old location, so it cannot come along; in the same location it does."""

    def program(location: str, image: str) -> None:
        address = hcloud.PrimaryIp("v4", name="v4", type="ipv4", **KEPT)
        net = hcloud.ServerPublicNetArgs(ipv4=address.id.apply(int), ipv6_enabled=False)
        pulumi.export("ip", server(location=location, image=image, public_nets=[net]).ipv4_address)

    address = stack(lambda: program("nbg1", "debian-12")).up().outputs["ip"].value
    number = cloud.named("server", "mx1")["id"]
    replaced = stack(lambda: program("nbg1", "debian-13")).up()
    assert changes(replaced) == {"replace": 1}
    assert cloud.named("server", "mx1")["id"] != number
    assert replaced.outputs["ip"].value == address, "the address outlived the server"

    assert "(primary_ip_datacenter_mismatch, " in failure(stack(lambda: program("hel1", "debian-13")))
    assert cloud.all("server") == []


def test_what_is_ignored_replaces_nothing(stack: Stack) -> None:
    ignored = pulumi.ResourceOptions(ignore_changes=["image", "userData"])
    stack(lambda: server(user_data="old", opts=ignored)).up()
    assert changes(stack(lambda: server(user_data="new", image="debian-12", opts=ignored)).up()) == {}


def test_names_that_are_not_given_are_invented_and_kept(stack: Stack, cloud: Cloud) -> None:
    stack(lambda: hcloud.SshKey("key", public_key=KEY)).up()
    name = cloud.all("ssh_key")[0]["name"]
    assert name.startswith("key-")
    stack(lambda: hcloud.SshKey("key", public_key=KEY, labels={"a": "b"})).up()
    assert cloud.all("ssh_key")[0]["name"] == name


def test_a_name_is_used_once(stack: Stack, cloud: Cloud) -> None:
    def program() -> None:
        first = server()
        server("other", name="mx1", opts=pulumi.ResourceOptions(depends_on=[first]))

    assert "server name is already used (uniqueness_error, " in failure(stack(program))
    assert len(cloud.all("server")) == 1


def test_an_eleventh_server_of_a_placement_group_is_refused(stack: Stack, cloud: Cloud) -> None:
    def program() -> None:
        group = hcloud.PlacementGroup("spread", type="spread").id.apply(int)
        for index in range(11):
            server(f"mx{index}", placement_group_id=group)

    assert "contains already 10 servers (placement_group_member_limit_reached, " in failure(stack(program))
    assert len(cloud.all("server")) == 10


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"server_type": "cx99"}, "server type cx99 not found"),
        ({"image": "debian-1"}, "image debian-1 for architecture x86 not found"),
        ({"location": "mars1"}, "invalid input in field 'location'"),
        ({"location": "ash"}, "unsupported location for server type (invalid_input, "),
        ({"location": "hel1"}, "error during placement (resource_unavailable, "),
        ({"ssh_keys": ["nobody"]}, "SSH key not found: nobody"),
        ({"name": "second"}, "server limit exceeded (resource_limit_exceeded, "),
    ],
)
def test_what_cannot_be_had_is_refused(stack: Stack, cloud: Cloud, wish: dict[str, Any], told: str) -> None:
    cloud.sold_out.add(("cx23", "hel1"))
    cloud.server_limit = 0 if "name" in wish else None
    assert told in failure(stack(lambda: server(**wish)))


def test_a_server_that_cannot_join_its_network_is_kept_and_mended_by_the_next_up(
    stack: Stack, cloud: Cloud, machines: Machines
) -> None:
    def program(address: str) -> None:
        network = hcloud.Network("net", name="net", ip_range="10.0.0.0/16")
        number = network.id.apply(int)
        subnet = hcloud.NetworkSubnet(
            "subnet", network_id=number, type="cloud", network_zone="eu-central", ip_range="10.0.1.0/24"
        )
        place = hcloud.ServerNetworkArgs(network_id=number, ip=address)
        server(networks=[place], opts=pulumi.ResourceOptions(depends_on=[subnet]))

    assert "IP is not within a subnet" in failure(stack(lambda: program("10.0.2.1")))
    assert machines.running == {}
    number = cloud.named("server", "mx1")["id"]
    stack(lambda: program("10.0.1.5")).up()
    record = cloud.named("server", "mx1")
    assert (record["id"], record["networks"][0]["ip"]) == (number, "10.0.1.5")
    assert machines.running["mx1"]["private_address"] == "10.0.1.5"


def test_a_second_subnet_must_not_overlap_the_first(stack: Stack) -> None:
    def program() -> None:
        number = hcloud.Network("net", ip_range="10.0.0.0/16").id.apply(int)
        shared: dict[str, Any] = {"network_id": number, "type": "cloud", "network_zone": "eu-central"}
        first = hcloud.NetworkSubnet("first", ip_range="10.0.0.0/23", **shared)
        options = pulumi.ResourceOptions(depends_on=[first])
        hcloud.NetworkSubnet("second", ip_range="10.0.1.0/24", **shared, opts=options)

    assert "overlaps with an existing subnet" in failure(stack(program))


def test_records_need_a_zone_and_the_form_of_their_type(stack: Stack) -> None:
    def program(zone: str, value: str) -> None:
        made = hcloud.Zone("zone", name="example.org", mode="primary")
        record = hcloud.ZoneRrsetRecordArgs(value=value)
        options = pulumi.ResourceOptions(depends_on=[made])
        hcloud.ZoneRrset("spf", zone=zone, name="@", type="TXT", records=[record], opts=options)

    assert "Error code: not_found" in failure(stack(lambda: program("example.net", '"v=spf1 -all"')))
    assert "invalid TXT record: v=spf1 -all" in failure(stack(lambda: program("example.org", "v=spf1 -all")))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (token("unauthorized"), "unable to authenticate (unauthorized, "),
        (token("readonly"), "only allowed to perform GET requests (token_readonly, "),
        ("too short", "entered token is invalid (must be exactly 64 characters long)"),
    ],
)
def test_a_token_that_is_not_good_is_refused(stack: Stack, cloud: Cloud, given: str, told: str) -> None:
    def program() -> None:
        own = hcloud.Provider("own", token=given)
        server(opts=pulumi.ResourceOptions(provider=own))

    assert told in failure(stack(program))
    assert cloud.all("server") == []


def test_without_any_token_nothing_is_configured(stack: Stack, cloud: Cloud) -> None:
    cloud.environment = {}
    assert "Missing Hetzner Cloud API token" in failure(stack(server))


def test_too_many_calls_are_borne_for_a_while(stack: Stack, cloud: Cloud) -> None:
    cloud.rate_limited = 5
    stack(server).up()
    cloud.rate_limited = 99
    assert "(rate_limit_exceeded, " in failure(stack(lambda: server(server_type="cx33")))


def test_a_call_can_be_told_to_fail_and_to_take_its_time(stack: Stack, cloud: Cloud) -> None:
    cloud.fail("server.create", "resource_unavailable", "error during placement")
    assert "error during placement" in failure(stack(server))
    cloud.seconds["server.create"] = 1.5
    shown: list[automation.EngineEvent] = []
    stack(server).up(on_event=shown.append)
    begun = next(
        one.timestamp for one in shown if one.resource_pre_event and "Server" in one.resource_pre_event.metadata.type
    )
    ended = next(
        one.timestamp for one in shown if one.res_outputs_event and "Server" in one.res_outputs_event.metadata.type
    )
    assert ended - begun >= 1


def test_a_server_removed_by_hand_is_made_again_after_a_refresh(stack: Stack, cloud: Cloud, machines: Machines) -> None:
    stack(server).up()
    cloud.remove_by_hand("server", "mx1")
    assert machines.running == {}
    assert changes(stack(server).up()) == {}, "nobody looked"
    made = stack(server)
    made.refresh()
    assert changes(made.up()) == {"create": 1}
    assert list(machines.running) == ["mx1"]


def test_drift_is_seen_by_a_refresh_and_undone_by_an_up(stack: Stack, cloud: Cloud) -> None:
    stack(lambda: server(labels={"role": "mail"})).up()
    cloud.named("server", "mx1")["labels"] = {"role": "other"}
    made = stack(lambda: server(labels={"role": "mail"}))
    made.refresh()
    assert changes(made.up()) == {"update": 1}
    assert cloud.named("server", "mx1")["labels"] == {"role": "mail"}


@pytest.mark.parametrize("strict", [False, True])
def test_a_server_that_is_gone_can_be_destroyed_unless_the_cloud_is_strict(
    stack: Stack, cloud: Cloud, *, strict: bool
) -> None:
    stack(server).up()
    cloud.remove_by_hand("server", "mx1")
    cloud.strict_deletes = strict
    made = stack(server)
    if strict:
        with pytest.raises(automation.CommandError, match=r"not found \(not_found, "):
            made.destroy()
        made.refresh()
    made.destroy()
    assert (made.export_stack().deployment or {}).get("resources", []) == []


def test_a_program_can_ask_what_there_is(stack: Stack) -> None:
    def program() -> None:
        made = server(labels={"role": "mail"})
        kind = hcloud.get_server_type(name="cax11")
        pulumi.export("architecture", kind.architecture)
        pulumi.export("locations", [one.name for one in kind.locations])
        pulumi.export("zone", hcloud.get_location(name="ash").network_zone)
        pulumi.export("image", hcloud.get_image(name="debian-13", with_architecture="arm").id)
        pulumi.export("targets", hcloud.get_load_balancer_type(name="lb11").max_targets)
        pulumi.export("types", len(hcloud.get_server_types().server_types))
        selector = made.id.apply(lambda _: "role=mail")
        found = hcloud.get_servers_output(with_selector=selector)
        pulumi.export("servers", found.servers.apply(lambda servers: [one.name for one in servers]))

    outputs = {name: value.value for name, value in stack(program).up().outputs.items()}
    assert outputs["types"] > 10
    assert {name: value for name, value in outputs.items() if name != "types"} == {
        "architecture": "arm",
        "locations": ["fsn1", "nbg1", "hel1"],
        "zone": "us-east",
        "image": 310557661,
        "targets": 25,
        "servers": ["mx1"],
    }


def test_a_zone_is_there_or_not(stack: Stack, cloud: Cloud) -> None:
    def program() -> None:
        zone = hcloud.get_zone(name="example.org")
        record = hcloud.ZoneRrsetRecordArgs(value="10 mx1")
        hcloud.ZoneRrset("mx", zone=zone.name, name="@", type="MX", ttl=300, records=[record])

    assert 'Resource (zone) was not found: name="example.org"' in failure(stack(program))
    cloud.add_zone("example.org")
    stack(program).up()
    assert "@ 3600 IN NS helium.ns.hetzner.de.\n" in cloud.zone_text("example.org")
    assert "@ 300 IN MX 10 mx1\n" in cloud.zone_text("example.org")
    stack(program).destroy()
    assert "MX" not in cloud.zone_text("example.org")


def test_asking_with_a_token_that_is_not_known_fails(stack: Stack, cloud: Cloud) -> None:
    cloud.environment = {"HCLOUD_TOKEN": token("unauthorized")}
    assert "unable to authenticate (unauthorized, " in failure(stack(lambda: hcloud.get_location(name="nbg1")))
