"""What the program declares for a stack file: which steps, what waits for what, what stays secret."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.remote.script import SCRIPTS
from tests.checkzone import complaints
from tests.graph.harness import Graph, run
from tests.standins.providers.values import has_secret, is_unknown, plain

LAB: dict[str, Any] = {"platform": "lab", "nodes": {"mx1": {}, "mx2": {}, "mx3": {}}, "domains": {"dev.test": {}}}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMBmZ2Zm"
EXISTING: dict[str, Any] = {
    "platform": "existing",
    "nodes": {"mx1": {"address": "10.0.0.1", "host_key": KEY}, "mx2": {"address": "10.0.0.2"}},
    "domains": {"dev.test": {}},
}


@pytest.fixture(scope="module")
def lab() -> Graph:
    """The dev stack."""
    return run(LAB)


@cache
def of_nodes(count: int) -> Graph:
    """A lab of some nodes."""
    return run({**LAB, "nodes": {f"mx{index}": {} for index in range(1, count + 1)}})


def test_every_node_gets_its_steps(lab: Graph) -> None:
    for script in ("host/prepare.sh", "foundationdb/install.sh", "stalwart/install.sh", "foundationdb/check.py"):
        assert [step.name.rsplit("-", 1)[1] for step in lab.steps(script)] == ["mx1", "mx2", "mx3"]
    for script in ("foundationdb/seed.sh", "foundationdb/database.py", "stalwart/first.py", "proof/prove.py"):
        assert len(lab.steps(script)) == 1


def test_no_host_is_visited_more_than_ten_times(lab: Graph) -> None:
    visits: dict[str, int] = {}
    for made in lab.made.values():
        if made.type == "command:remote:Command" or made.script == "local/push_files.sh":
            host = plain(made.inputs).get("connection", {}).get("host") or made.name.rsplit("-", 1)[1]
            visits[host] = visits.get(host, 0) + 1
    # Directory and certificate are visits of their own to one node: they change, the mail servers stay as they are.
    assert sorted(visits.values()) <= [10, 10, 12]


def test_the_seeds_cluster_file_is_chained_into_every_node(lab: Graph) -> None:
    for step in lab.steps("foundationdb/install.sh"):
        assert "fdb-seed" in step.depends
        assert "mail:0123456789abcdef@10.77.0.11:4500" in step.stdin


def test_joiners_install_at_the_same_time_as_the_seed(lab: Graph) -> None:
    for step in lab.steps("foundationdb/install.sh"):
        assert not {name for name in lab.waits_for(step.name) if name.startswith("fdb-install")}


def test_the_database_is_created_once_with_all_processes_present(lab: Graph) -> None:
    (database,) = lab.steps("foundationdb/database.py")
    assert {"fdb-install-mx1", "fdb-install-mx2", "fdb-install-mx3"} <= database.depends
    for given in ("REDUNDANCY=double", "COORDINATORS='10.77.0.11:4500 10.77.0.12:4500 10.77.0.13:4500'", "TOLERANCE=1"):
        assert given in database.stdin


def test_the_first_mail_server_starts_alone_after_database_and_coordinator(lab: Graph) -> None:
    (first,) = lab.steps("stalwart/first.py")
    before = lab.waits_for(first.name)
    assert {"fdb-database", "nats-install-mx1", "nats-install-mx2", "nats-install-mx3"} <= before
    assert not {name for name in before if name.startswith("mail-start")}
    for step in lab.steps("stalwart/start.py"):
        assert "mail-first" in step.depends


def test_every_host_gets_the_mail_server_that_the_first_one_got(lab: Graph) -> None:
    first, *others = lab.steps("stalwart/install.sh")
    assert "STALWART_SHA256=''" in first.stdin
    assert all(f"amd64 {'ab' * 32}" in step.stdin for step in others)


def test_a_pinned_digest_is_demanded_of_the_first_as_well() -> None:
    pinned = run({**LAB, "release": {"stalwart_sha256": {"amd64": "cd" * 32}}})
    assert all(f"amd64 {'cd' * 32}" in step.stdin for step in pinned.steps("stalwart/install.sh"))


def test_the_proof_comes_last_and_names_every_pair(lab: Graph) -> None:
    (proof,) = lab.steps("proof/prove.py")
    assert {"mail-first", "mail-start-mx2", "mail-start-mx3"} <= proof.depends
    assert proof.stdin.count('["mx') == 6 or proof.stdin.count('"mx') >= 12


def test_no_secret_stands_in_a_command(lab: Graph) -> None:
    for made in lab.made.values():
        command = str(plain(made.inputs).get("create") or "")
        assert "generated-for" not in command
        assert "KEY" not in command


def test_what_holds_a_secret_is_marked_as_one(lab: Graph) -> None:
    for made in lab.made.values():
        if "generated-for" in made.stdin or "0123456789abcdef@" in made.stdin:
            assert has_secret(made.inputs["stdin"]), made.name


def test_keys_and_passwords_leave_the_program_as_secrets_only(lab: Graph) -> None:
    assert has_secret(lab.outputs["admin"])
    assert has_secret(lab.outputs["cluster_file"])
    assert plain(lab.outputs["admin"]) == {"login": "admin@dev.test", "password": "generated-for-mail-admin-password"}


def test_what_people_look_up_is_in_clear(lab: Graph) -> None:
    for key in ("endpoints", "fault_tolerance", "nodes", "verification", "dns_records"):
        assert not has_secret(lab.outputs[key]), key
    tolerance = lab.outputs["fault_tolerance"]
    assert (tolerance["wanted"], tolerance["coordinators"], tolerance["coordinators_reachable"]) == (1, 3, 2)
    assert lab.outputs["nodes"]["mx2"] == {
        "address": "10.77.0.12",
        "zone": "mx2",
        "hostname": "mx2.mail.dev.test",
        "node_id": 1,
        "stalwart": "0.16.27",
        "foundationdb": "7.4.6",
    }


def test_a_preview_knows_what_will_run_and_nothing_that_hosts_will_say() -> None:
    foreseen, done = run(LAB, preview=True), run(LAB)
    assert {name: made.script for name, made in foreseen.made.items()} == {
        name: made.script for name, made in done.made.items()
    }
    assert is_unknown(foreseen.outputs["verification"])
    assert foreseen.outputs["endpoints"] == done.outputs["endpoints"]


def test_every_command_names_its_script_and_a_digest_of_it(lab: Graph) -> None:
    for made in lab.made.values():
        if made.type.endswith(":Command"):
            assert (SCRIPTS / made.script).is_file()
            assert plain(made.inputs)["create"].split()[-1].isalnum()


def test_progress_is_shown_and_data_is_not(lab: Graph) -> None:
    for made in lab.made.values():
        if made.type.endswith(":Command"):
            assert plain(made.inputs)["logging"] == "stderr"
            assert plain(made.inputs)["addPreviousOutputInEnv"] is False
            assert "triggers" not in made.inputs


def test_one_node_is_single_and_promises_nothing() -> None:
    alone = run({**LAB, "nodes": {"mx1": {}}})
    (database,) = alone.steps("foundationdb/database.py")
    assert "REDUNDANCY=single" in database.stdin
    assert alone.outputs["fault_tolerance"]["wanted"] == 0
    assert not alone.steps("stalwart/start.py")


def test_five_nodes_are_triple_with_five_coordinators_and_three_of_nats() -> None:
    five = run({**LAB, "nodes": {f"mx{index}": {} for index in range(1, 6)}})
    (database,) = five.steps("foundationdb/database.py")
    assert "REDUNDANCY=triple" in database.stdin
    assert len(five.steps("coordinator/install.sh")) == 3


@pytest.mark.parametrize("count", [9, 30])
def test_more_nodes_do_not_make_the_way_longer(count: int) -> None:
    def depth(graph: Graph) -> int:
        known: dict[str, int] = {}

        def of(name: str) -> int:
            if name not in known:
                before = [of(other) for other in graph.made[name].depends if other in graph.made]
                known[name] = max(before, default=0) + (graph.made[name].type == "command:remote:Command")
            return known[name]

        return max(of(name) for name in graph.made)

    assert depth(of_nodes(count)) == depth(of_nodes(3))


def carried(count: int, *, only_secrets: bool) -> int:
    """Bytes that the steps of so many nodes are given. What makes the hosts of a lab is of no stack that is large."""
    steps = [made for made in of_nodes(count).made.values() if made.script and not made.script.startswith("lab/")]
    return sum(len(step.stdin) for step in steps if has_secret(step.inputs["stdin"]) or not only_secrets)


@pytest.mark.parametrize(("only_secrets", "most"), [(True, 10_000), (False, 40_000)])
def test_a_node_adds_little_to_the_state_and_as_much_to_that_of_many(*, only_secrets: bool, most: int) -> None:
    """The engine writes all of it after every step, and keeps each encryption: scripts would make that gigabytes."""
    few, more, many = (carried(count, only_secrets=only_secrets) for count in (3, 9, 30))
    assert (more - few) / 6 < most
    assert (many - more) / 21 < 1.25 * (more - few) / 6


def test_nodes_without_mail_only_store() -> None:
    mixed = run({**LAB, "nodes": {"mx1": {}, "mx2": {}, "mx3": {"roles": ["database"]}}})
    assert len(mixed.steps("foundationdb/install.sh")) == 3
    assert [step.name for step in mixed.steps("stalwart/install.sh")] == ["mail-install-mx1", "mail-install-mx2"]
    assert mixed.outputs["nodes"]["mx3"]["stalwart"] is None


def test_lab_hosts_are_made_and_removed_by_the_stack(lab: Graph) -> None:
    for script in ("lab/host.sh", "lab/network.sh"):
        for step in lab.steps(script):
            assert "-- up " in step.inputs["create"]
            assert "-- down " in step.inputs["delete"]


def test_the_keys_of_lab_hosts_are_pinned_before_they_boot(lab: Graph) -> None:
    for step in lab.steps("host/prepare.sh"):
        assert plain(step.inputs)["connection"]["hostKey"] == "ssh-ed25519 AAAA\n"


def test_a_given_host_key_is_pinned_and_another_one_is_learnt_once() -> None:
    given = run(EXISTING, secrets={"ssh_private_key": "PRIVATE"})
    pinned, learnt = (plain(step.inputs)["connection"] for step in given.steps("host/prepare.sh"))
    assert (pinned["hostKey"], learnt["hostKey"]) == (KEY, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGxlYXJudA")
    assert [step.name for step in given.steps("local/learn_host_key.sh")] == ["existing-host-key-mx2"]
    assert not given.steps("lab/host.sh")


def test_the_key_for_existing_hosts_stays_secret() -> None:
    given = run(EXISTING, secrets={"ssh_private_key": "PRIVATE"})
    for made in given.made.values():
        if "PRIVATE" in json.dumps(plain(made.inputs)):
            assert has_secret(made.inputs), made.name


def test_sudo_is_used_where_the_login_is_not_root() -> None:
    as_debian = run({**EXISTING, "ssh": {"user": "debian"}}, secrets={"ssh_private_key": "PRIVATE"})
    assert all(step.inputs["create"].startswith("sudo -n bash") for step in as_debian.steps("host/prepare.sh"))
    assert all(step.inputs["create"].startswith("bash -s") for step in run(LAB).steps("host/prepare.sh"))


def test_packages_of_a_mirror_folder_are_sent_while_hosts_are_prepared(tmp_path: Path) -> None:
    for name in (
        *(
            f"foundationdb/7.4.6/foundationdb-{part}_7.4.6-1_amd64.deb{end}"
            for part in ("clients", "server")
            for end in ("", ".sha256")
        ),
        "stalwart/v0.16.27/stalwart-foundationdb-x86_64-unknown-linux-gnu.tar.gz",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    mirrored = run({**LAB, "mirror": str(tmp_path)})
    packages = [step for step in mirrored.steps("local/push_files.sh") if "-packages-" in step.name]
    assert len(packages) == 3
    for sent in packages:
        assert not {name for name in mirrored.waits_for(sent.name) if "prepare" in name}
    for step in mirrored.steps("foundationdb/install.sh"):
        assert {name for name in step.depends if name.startswith("hosts-packages")}
        assert "FDB_SOURCE=file:///var/cache/stalwart-cluster/mirror/foundationdb/7.4.6" in step.stdin


def test_mistakes_are_told_before_anything_is_declared() -> None:
    declared = Graph()
    with pytest.raises(pulumi.RunError) as refused:
        run({**LAB, "domians": ["x"], "fault_tolerance": 2}, graph=declared)
    assert set(declared.made) <= {"stalwart-cluster-dev"}
    told = str(refused.value)
    assert "Nothing was touched" in told
    assert "stalwart-cluster:domians: is not a setting (did you mean domains?)" in told
    assert "stalwart-cluster:fault_tolerance: 2 needs 5 zones" in told


def test_a_mirror_that_lacks_a_file_is_told_before_anything_is_declared(tmp_path: Path) -> None:
    declared = Graph()
    with pytest.raises(pulumi.RunError, match=r"stalwart-cluster:mirror: .* lacks foundationdb/"):
        run({**LAB, "mirror": str(tmp_path)}, graph=declared)
    assert set(declared.made) <= {"stalwart-cluster-dev"}


def test_a_rehearsal_is_refused_for_anything_but_the_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "STALWART_CLUSTER_REHEARSAL", "1")
    with pytest.raises(pulumi.RunError, match="existing cannot be rehearsed"):
        run(EXISTING, secrets={"ssh_private_key": "PRIVATE"})
    assert run(LAB).outputs["rehearsal"] is True


def test_a_real_run_says_nothing_of_a_rehearsal(lab: Graph) -> None:
    assert "rehearsal" not in lab.outputs


def test_a_text_to_mend_reaches_every_step_on_every_host_and_none_without_it(lab: Graph) -> None:
    assert not [made for made in lab.made.values() if "MEND=" in made.stdin]
    mended = run({**LAB, "mend": "again"})
    steps = [made for made in mended.made.values() if made.type == "command:remote:Command"]
    assert steps
    assert all("export MEND=again\n" in step.stdin for step in steps)


def test_mending_sets_the_database_back_before_anything_may_restart(lab: Graph) -> None:
    assert not lab.steps("foundationdb/set_back.py")
    mended = run({**LAB, "mend": "2026-11-25T01:00:00+00:00"})
    (step,) = mended.steps("foundationdb/set_back.py")
    assert step.name == "fdb-set-back-2026-11-25T01-00-00+00-00"
    assert "hosts-prepare-mx1" in mended.waits_for(step.name)
    for script in ("foundationdb/install.sh", "coordinator/install.sh", "stalwart/install.sh"):
        assert all(step.name in mended.waits_for(other.name) for other in mended.steps(script))


def test_the_database_is_told_what_is_allowed(lab: Graph) -> None:
    assert "export ALLOW=''\n" in lab.steps("foundationdb/database.py")[0].stdin
    (database,) = run({**LAB, "allow": ["single_copy"]}).steps("foundationdb/database.py")
    assert "export ALLOW=single_copy\n" in database.stdin


def test_a_given_host_is_released_from_this_machine() -> None:
    released = run(EXISTING).steps("local/release_host.sh")
    assert [(step.name, step.type) for step in released] == [
        ("existing-release-mx1", "command:local:Command"),
        ("existing-release-mx2", "command:local:Command"),
    ]
    assert all(str(plain(step.inputs)["delete"]).startswith("bash -s -- down #") for step in released)


RELAY = {"host": "smtp.relay.test", "user": "customer", "spf_include": "spf.relay.test"}


def test_every_sender_has_met_the_relay_before_mail_is_led_to_it() -> None:
    graph = run({**LAB, "mail": {"relay": RELAY}}, secrets={"relay_password": "hidden relay"})
    met = graph.steps("stalwart/relay.py")
    assert [step.name for step in met] == ["mail-relay-mx1", "mail-relay-mx2", "mail-relay-mx3"]
    assert {step.name for step in met} <= graph.waits_for("mail-first")
    assert "export TLS=starttls\n" in met[0].stdin
    assert "include:spf.relay.test" in graph.outputs["dns_records"]["dev.test"]


def test_the_password_of_the_relay_is_a_secret_in_every_step_that_has_it() -> None:
    graph = run({**LAB, "mail": {"relay": RELAY}}, secrets={"relay_password": "hidden relay"})
    holding = [made for made in graph.made.values() if "hidden relay" in str(plain(made.inputs))]
    assert {step.script for step in holding} == {"stalwart/relay.py", "stalwart/first.py"}
    assert all(has_secret(step.inputs) for step in holding)
    assert not any("hidden relay" in str(plain(step.inputs)["create"]) for step in holding)


def test_the_zones_of_the_output_are_taken_by_a_name_server() -> None:
    domains = {"dev.test": {"aliases": ["alias.test"]}, "two.test": {}}
    zones = run({**LAB, "domains": domains, "mail": {"domain": "dev.test"}}).outputs["dns_records"]
    assert {zone: complaints(zone, text) for zone, text in zones.items()} == {
        "alias.test": "",
        "dev.test": "",
        "two.test": "",
    }
