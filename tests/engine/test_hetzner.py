"""The program at Hetzner under the real engine: made, changed, interrupted, lost by hand, given back."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from tests.standins.providers.hcloud.cloud import Cloud, token

from .conftest import Hosts, Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

KINDS = ("server", "primary_ip", "network", "firewall", "placement_group", "ssh_key", "volume", "load_balancer")
Rented = Callable[..., automation.Stack]


@pytest.fixture
def rented(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Rented:
    """The stack at Hetzner, with some values of its file changed."""
    monkeypatch.setenv("HCLOUD_TOKEN", token())

    def made(count: int = 3, **changed: Any) -> automation.Stack:
        values: dict[str, Any] = {
            "platform": "hetzner",
            "allow": ["destroy"],
            "nodes": {f"mx{index}": {} for index in range(1, count + 1)},
            "domains": {"example.org": {}},
            "hetzner": {"ssh_from": ["203.0.113.0/24"]},
            "dns": {"provider": "hetzner"},
        }
        return stack(**values | changed)

    return made


def things(made: automation.Stack) -> set[str]:
    """What the state holds and a provider made."""
    return {item["urn"] for item in (made.export_stack().deployment or {})["resources"] if item["custom"]}


def paths(made: automation.Stack) -> int:
    """How many ways there are through what each resource needs: the engine walks them all when it refuses a removal."""
    ways: dict[str, int] = {}
    for item in (made.export_stack().deployment or {})["resources"]:
        read = [urn for urns in item.get("propertyDependencies", {}).values() for urn in urns or ()]
        provider = item.get("provider", "").rpartition("::")[0]
        needs = [*item.get("dependencies", ()), *read, item.get("parent"), provider, item.get("deletedWith")]
        ways[item["urn"]] = 1 + sum(ways[urn] for urn in needs if urn)
    return sum(ways.values())


def weight(place: Path) -> tuple[int, int]:
    """Bytes of what the state holds of all resources, and how many of them are encrypted."""
    (file,) = (place / "home/backend").rglob("dev.json")
    held = [
        [item.get("inputs"), item.get("outputs")]
        for item in json.loads(file.read_text())["checkpoint"]["latest"]["resources"]
    ]
    text = json.dumps(held)
    return len(text), sum(map(len, re.findall(r'"ciphertext": "([^"]*)"', text)))


def changes(result: automation.UpResult) -> set[str]:
    return {str(kind) for kind in result.summary.resource_changes or {}}


def test_up_then_unchanged_up_then_destroy(rented: Rented, hosts: Hosts, cloud: Cloud) -> None:
    rented().up()
    assert {server["name"] for server in cloud.all("server")} == {"mail-dev-mx1", "mail-dev-mx2", "mail-dev-mx3"}
    assert "IN MX 10 mx1.mail.example.org." in cloud.zone_text("example.org")
    assert set(cloud.reverse().values()) == {"out.mail.example.org"}
    hosts.names()

    assert changes(rented().up()) == {"same"}
    assert hosts.names() == []

    rented().destroy()
    assert not [kind for kind in KINDS if cloud.all(kind)]


def test_a_preview_makes_nothing_and_tells_what_it_will_cost(rented: Rented, cloud: Cloud) -> None:
    told: list[str] = []
    rented().preview(on_output=told.append)
    assert not [kind for kind in KINDS if cloud.all(kind)]
    assert "Cost: about 17.97 EUR a month without VAT, by prices of 2025-10-21" in "\n".join(told)
    assert "Plan: survives the loss of any 1 of 3 failure zones" in "\n".join(told)


def test_a_type_that_is_sold_out_is_told_before_it_is_ordered(rented: Rented, cloud: Cloud) -> None:
    told: list[str] = []
    cloud.sold_out.add(("cx33", "fsn1"))
    rented().preview(on_output=told.append)
    assert "cx33 is sold out in fsn1 at the moment" in "\n".join(told)


@pytest.mark.parametrize("word", ["unauthorized", "readonly"])
def test_a_token_that_is_not_fit_is_told_in_a_sentence(
    rented: Rented, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setenv("HCLOUD_TOKEN", token(word))
    with pytest.raises(automation.CommandError) as refused:
        rented().up()
    told = str(refused.value)
    assert "Traceback" not in told
    assert ("hcloud:token: is not accepted" if word == "unauthorized" else "token_readonly") in told


def test_a_limit_of_the_project_is_told_and_the_next_up_goes_on(rented: Rented, cloud: Cloud) -> None:
    cloud.server_limit = 2
    with pytest.raises(automation.CommandError, match="resource_limit_exceeded"):
        rented().up()
    assert len(cloud.all("server")) == 2
    cloud.server_limit = None
    created = cloud.calls["server.create"]
    rented().up()
    assert len(cloud.all("server")) == 3
    assert cloud.calls["server.create"] == created + 1
    assert changes(rented().up()) == {"same"}


def test_a_server_that_is_gone_by_hand_is_made_again_and_set_up_from_the_start(
    rented: Rented, hosts: Hosts, cloud: Cloud
) -> None:
    rented().up()
    hosts.names()
    address = cloud.named("server", "mail-dev-mx2")["ipv4"]
    cloud.remove_by_hand("server", "mail-dev-mx2")
    rented().refresh()
    rented().up()
    assert cloud.named("server", "mail-dev-mx2")["ipv4"] == address
    steps = {name for name in hosts.names() if name.endswith("-mx2")}
    assert {"hosts-prepare-mx2", "fdb-install-mx2", "mail-install-mx2", "mail-start-mx2"} <= steps


def test_destroy_works_when_servers_are_gone_by_hand(rented: Rented, cloud: Cloud) -> None:
    rented().up()
    cloud.remove_by_hand("server", "mail-dev-mx1")
    rented().refresh()
    rented().destroy()
    assert not [kind for kind in KINDS if cloud.all(kind)]


def test_what_is_protected_is_not_removed_by_a_wrong_word(rented: Rented, cloud: Cloud) -> None:
    hetzner = {"ssh_from": ["203.0.113.0/24"], "protection": True}
    rented(hetzner=hetzner, allow=[]).up()
    with pytest.raises(automation.CommandError, match="protected"):
        rented(hetzner=hetzner, allow=[]).destroy()
    assert len(cloud.all("server")) == 3
    rented().up()
    rented().destroy()
    assert not cloud.all("server")


def test_without_permission_nothing_is_removed_not_even_what_holds_no_mail(rented: Rented, cloud: Cloud) -> None:
    volume = {"ssh_from": ["203.0.113.0/24"], "volume": "50GiB"}
    rented(hetzner=volume, allow=[]).up()
    before = things(rented(hetzner=volume, allow=[]))
    assert paths(rented(hetzner=volume, allow=[])) < 15_000_000, "or the refusal takes minutes"
    with pytest.raises(automation.CommandError, match="because it is protected"):
        rented(hetzner=volume, allow=[]).destroy()
    assert things(rented(hetzner=volume, allow=[])) == before

    rented(hetzner=volume).up()
    rented(hetzner=volume).destroy()
    assert not [kind for kind in KINDS if cloud.all(kind)]


def test_a_node_that_is_taken_out_goes_with_its_server_also_without_permission(rented: Rented, cloud: Cloud) -> None:
    """Its data have left by then: a step before it fails else."""
    rented(4, allow=[]).up()
    rented(3, allow=[]).up()
    assert len(cloud.all("server")) == 3


def test_a_node_gets_a_new_server_under_its_name_and_address_and_another_one_later(
    rented: Rented, hosts: Hosts, cloud: Cloud
) -> None:
    rented(allow=[]).up()
    before = {name: cloud.named("server", name) for name in sorted(s["name"] for s in cloud.all("server"))}
    nodes = {"mx1": {}, "mx2": {"machine": 2}, "mx3": {}}
    result = rented(nodes=nodes, allow=[]).up()
    after = {name: cloud.named("server", name) for name in before}
    assert [name.rsplit("-", 1)[1] for name in before if before[name]["id"] != after[name]["id"]] == ["mx2"]
    assert {name: server["ipv4"] for name, server in after.items()} == {
        name: server["ipv4"] for name, server in before.items()
    }
    assert "replace" in {str(kind) for kind in result.summary.resource_changes or {}}
    hosts.names()
    rented(nodes=nodes | {"mx2": {"machine": 3}}, allow=[]).up()
    assert "fdb-database" in hosts.names(), "or the node stays excluded, where it finds what it found the time before"
    nodes["mx2"] = {"machine": 3}
    assert set(rented(nodes=nodes, allow=[]).up().summary.resource_changes or {}) == {"same"}


def test_a_new_stack_may_begin_with_any_number_of_a_machine(rented: Rented, hosts: Hosts) -> None:
    """A stack file that was copied from another environment, where machines were replaced."""
    nodes = {"mx1": {}, "mx2": {"machine": 3}, "mx3": {}}
    rented(nodes=nodes).up()
    assert changes(rented(nodes=nodes).up()) == {"same"}


def test_a_balancer_comes_and_goes_by_setting(rented: Rented, cloud: Cloud) -> None:
    rented().up()
    rented(front={"kind": "load_balancer"}).up()
    (balancer,) = cloud.all("load_balancer")
    assert len(balancer["targets"]) == 3
    assert "IN MX 10 mail.example.org." in cloud.zone_text("example.org")
    rented().up()
    assert not cloud.all("load_balancer")


def test_neither_the_calls_nor_the_state_for_a_server_grow_with_their_number(
    rented: Rented, cloud: Cloud, tmp_path: Path
) -> None:
    rented(3).up()
    three, (all_of_three, encrypted_of_three) = sum(cloud.calls.values()), weight(tmp_path)
    rented(6).up()
    six, (all_of_six, encrypted_of_six) = sum(cloud.calls.values()), weight(tmp_path)
    assert (six - three) / 3 < 60
    assert (all_of_six - all_of_three) / 3 < 150_000, "or thirty servers take gigabytes of memory"
    assert (encrypted_of_six - encrypted_of_three) / 3 < 50_000


def test_a_preview_of_thirty_servers_takes_seconds(rented: Rented) -> None:
    began = time.monotonic()
    rented(30).preview()
    assert time.monotonic() - began < 60
