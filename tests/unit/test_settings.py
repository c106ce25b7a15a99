"""A stack file is read once, and every mistake in it is named together with what to do."""

from typing import Any

import pytest

from components.settings import Platform, SettingsError, check

SMALL: dict[str, Any] = {"platform": "lab", "nodes": {"mx1": {}, "mx2": {}, "mx3": {}}, "domains": {"dev.test": {}}}


def mistakes(**changed: Any) -> dict[str, str]:
    """Key -> the rest of the sentence, for a small stack file with some keys changed."""
    given = {key: value for key, value in {**SMALL, **changed}.items() if value is not None}
    with pytest.raises(SettingsError) as refused:
        check(given)
    return {mistake.key: f"{mistake.problem} ({mistake.remedy})" for mistake in refused.value.mistakes}


def test_ten_lines_are_a_whole_stack_file() -> None:
    settings = check(SMALL)
    assert settings.platform is Platform.LAB
    assert (settings.release.stalwart, settings.release.foundationdb) == ("0.16.27", "7.4.6")
    assert settings.hostname == "mail.dev.test"


def test_what_the_engine_hands_over_as_text_is_the_same_stack_file() -> None:
    as_text = {"platform": "lab", "nodes": '{"mx1": {}, "mx2": {}, "mx3": {}}', "domains": '{"dev.test": {}}'}
    assert check(as_text) == check(SMALL)


def test_defaults_of_the_project_file_say_nothing() -> None:
    silent = {"fault_tolerance": "auto", "mirror": "", "release": "{}", "lab": "{}", "ssh": "{}", "database": "{}"}
    assert check({**SMALL, **silent}) == check(SMALL)


def test_all_mistakes_are_told_together() -> None:
    found = mistakes(
        platform="labb",
        nodes={"MX1": {}, "mx2": {"adress": "10.0.0.1"}},
        domains={"dev.test": {}, "nonsense": {}},
        release={"stalwart": "0.16"},
        fault_tolerance="many",
    )
    assert set(found) == {
        "platform",
        "nodes.MX1",
        "nodes.mx2.adress",
        "domains.nonsense",
        "release.stalwart",
        "fault_tolerance",
    }


def test_an_unknown_key_names_the_nearest_known_one() -> None:
    assert "did you mean domains?" in mistakes(domians=["dev.test"])["domians"]
    assert "did you mean zone?" in mistakes(nodes={"mx1": {"zon": "a"}})["nodes.mx1.zon"]


@pytest.mark.parametrize("missing", ["platform", "nodes", "domains"])
def test_a_missing_key_is_named(missing: str) -> None:
    assert mistakes(**{missing: None})[missing].startswith("is missing")


@pytest.mark.parametrize("empty", [{"nodes": {}}, {"domains": {}}])
def test_nothing_is_not_enough(empty: dict[str, Any]) -> None:
    (key,) = empty
    assert mistakes(**empty)[key].startswith("must not be empty")


def test_two_nodes_cannot_share_an_address() -> None:
    nodes = {"mx1": {"address": "10.0.0.1"}, "mx2": {"address": "10.0.0.1"}}
    found = mistakes(platform="existing", nodes=nodes)
    assert set(found) == {"nodes.mx1.address", "nodes.mx2.address"}
    assert "10.0.0.1 is given to more than one node" in found["nodes.mx2.address"]


def test_an_existing_host_needs_its_address() -> None:
    assert "existing host needs its private address" in mistakes(platform="existing")["nodes.mx1.address"]


def test_a_lab_host_takes_its_address_from_the_number_of_its_name() -> None:
    assert "ends in a number" in mistakes(nodes={"mail": {}})["nodes.mail.address"]
    assert "is not in lab.network" in mistakes(nodes={"mx1": {"address": "192.168.5.5"}})["nodes.mx1.address"]


def test_the_address_of_the_world_outside_is_no_nodes() -> None:
    network = {"network": "10.77.0.0/24"}
    found = mistakes(lab=network, nodes={"mx1": {"address": "10.77.0.9"}})["nodes.mx1.address"]
    assert "the world outside of the lab" in found


@pytest.mark.parametrize(
    ("zones", "wanted", "told"),
    [
        (("a", "b"), 1, "1 needs 3 zones"),
        (("a", "b", "c", "d"), 2, "2 needs 5 zones"),
        (("a", "a", "a"), 1, "stand in 1"),
    ],
)
def test_a_tolerance_that_the_zones_cannot_give_is_refused(zones: tuple[str, ...], wanted: int, told: str) -> None:
    nodes = {f"mx{index}": {"zone": zone} for index, zone in enumerate(zones, 1)}
    assert told in mistakes(nodes=nodes, fault_tolerance=wanted)["fault_tolerance"]


@pytest.mark.parametrize(
    ("key", "release", "reason"),
    [
        ("release.stalwart", {"stalwart": "0.16.18"}, "corrupts records above 100 kB"),
        ("release.stalwart", {"stalwart": "1.0.0"}, "cannot open a store of 0.16"),
        ("release.foundationdb", {"foundationdb": "7.3.63"}, "needs the client library of FoundationDB 7.4"),
    ],
)
def test_a_pair_that_cannot_work_is_refused_with_its_reason(key: str, release: dict[str, str], reason: str) -> None:
    assert reason in mistakes(release=release)[key]


def test_a_secret_in_clear_text_is_refused_without_repeating_it() -> None:
    found = mistakes(admin_password="hunter2-hunter2")
    assert "pulumi config set --secret admin_password" in found["admin_password"]
    assert "hunter2" not in str(found)


def test_a_secret_that_is_stored_as_one_is_accepted() -> None:
    assert check({**SMALL, "admin_password": "x"}, frozenset({"admin_password"})) == check(SMALL)


@pytest.mark.parametrize("domain", ["localhost", "10.0.0.1", "a..b", "-a.test", "mail.example", "exa mple.org", ""])
def test_what_is_not_a_domain_is_refused(domain: str) -> None:
    (key,) = mistakes(domains={domain: {}})
    assert key.startswith("domains")


def test_a_domain_is_kept_in_the_form_the_server_stores() -> None:
    assert check({**SMALL, "domains": {"Bücher.TEST.": {}}}).domain_names == ("xn--bcher-kva.test",)


def test_a_domain_that_stands_there_twice_is_refused() -> None:
    assert "stands there more than once" in mistakes(domains={"dev.test": {}, "DEV.test": {}})["domains"]


def test_a_list_of_domains_is_a_map_of_defaults() -> None:
    assert check({**SMALL, "domains": {"dev.test": {}}}) == check({**SMALL, "domains": {"dev.test": None}})


def test_among_several_domains_the_default_one_is_named() -> None:
    assert "dev.test, two.test" in mistakes(domains={"two.test": {}, "dev.test": {}})["mail.domain"]
    found = check({**SMALL, "domains": {"a.test": {}, "dev.test": {}}, "mail": {"domain": "dev.test"}})
    assert found.domain_names == ("dev.test", "a.test")
    assert found.hostname == "mail.dev.test"
    assert "not among the domains" in mistakes(mail={"domain": "other.test"})["mail.domain"]


def test_a_name_is_one_domain_or_one_alias() -> None:
    found = mistakes(
        domains={"dev.test": {"aliases": ["b.test", "two.test"]}, "two.test": {"aliases": ["b.test"]}},
        mail={"domain": "dev.test"},
    )
    assert {*found} == {
        'domains["dev.test"].aliases[0]',
        'domains["dev.test"].aliases[1]',
        'domains["two.test"].aliases[0]',
    }


def test_a_catch_all_address_lies_in_a_domain_of_the_stack() -> None:
    assert "in no domain" in mistakes(domains={"dev.test": {"catch_all": "a@b.test"}})['domains["dev.test"].catch_all']
    assert "anna@example.org" in mistakes(domains={"dev.test": {"catch_all": "a b"}})['domains["dev.test"].catch_all']
    kept = check({**SMALL, "domains": {"dev.test": {"catch_all": "Anna@DEV.test"}}})
    assert kept.domains["dev.test"].catch_all == "anna@dev.test"


def test_settings_of_another_platform_are_refused() -> None:
    assert "belongs to platform existing" in mistakes(ssh={"user": "debian"})["ssh"]
    assert (
        "hosts of lab get these from the stack"
        in mistakes(nodes={"mx1": {"ssh_address": "a.test"}})["nodes.mx1.ssh_address"]
    )


def test_behind_a_bastion_every_host_key_is_pinned() -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMBmZ2Zm"
    found = mistakes(
        platform="existing",
        nodes={"mx1": {"address": "10.0.0.1"}},
        ssh={"bastion": {"address": "jump.test", "host_key": key}},
    )
    assert "behind a bastion" in found["nodes.mx1.host_key"]


def test_every_node_has_the_database_and_one_has_mail() -> None:
    assert "every node has the database" in mistakes(nodes={"mx1": {"roles": ["mail"]}})["nodes.mx1.roles"]
    assert "no node has the role mail" in mistakes(nodes={"mx1": {"roles": ["database"]}})["nodes"]


@pytest.mark.parametrize(
    ("database", "key"),
    [
        ({"memory": "4"}, "database.memory"),
        ({"memory": "512MiB"}, "database.memory"),
        ({"memory": "4GiB", "cache": "4GiB"}, "database.cache"),
        ({"cache": "1GiB"}, "database.cache"),
        ({"engine": "memory"}, "database.engine"),
    ],
)
def test_a_database_that_would_die_of_its_limits_is_refused(database: dict[str, str], key: str) -> None:
    assert key in mistakes(database=database)


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "224.0.0.1", "mx1.test", "10.0.0.300"])  # noqa: S104  # refused
def test_an_address_that_the_other_nodes_cannot_reach_is_refused(address: str) -> None:
    assert "nodes.mx1.address" in mistakes(platform="existing", nodes={"mx1": {"address": address}})


def test_what_cannot_be_undone_is_allowed_by_name_only() -> None:
    assert check(SMALL).allow == ()
    assert check({**SMALL, "allow": ["single_copy"]}).allow == ("single_copy",)
    assert "allow[0]" in mistakes(allow=["everything"])


def test_permission_to_destroy_is_for_servers_and_not_together_with_their_protection() -> None:
    assert "belongs to platform hetzner" in mistakes(allow=["destroy"])["allow"]
    found = mistakes(
        platform="hetzner", allow=["destroy"], hetzner={"ssh_from": ["203.0.113.7/32"], "protection": True}
    )
    assert "contradict each other" in found["allow"]


def test_a_note_is_short_and_plain() -> None:
    assert check({**SMALL, "mend": "2026-11-25T01:00:00+00:00"}).mend
    assert "mend" in mistakes(mend="a\nb")
    assert "mend" in mistakes(mend="x" * 61)


def test_a_disk_is_encrypted_only_where_it_is_one_of_its_own_and_others_can_open_it() -> None:
    encrypt = {"encrypt": True}
    assert "hosts of a lab have no disks" in mistakes(database=encrypt)["database.encrypt"]
    own = {"mx1": {"address": "10.0.0.1"}, "mx2": {"address": "10.0.0.2", "device": "/dev/sdb", "encrypt": False}}
    found = mistakes(platform="existing", nodes=own, database=encrypt)
    assert found.keys() == {"nodes.mx1.device"}
    assert "encrypts an empty disk" in found["nodes.mx1.device"]
    alone = {"mx1": {"address": "10.0.0.1", "device": "/dev/sdb"}}
    found = mistakes(platform="existing", nodes=alone, database=encrypt)
    assert "nobody who opens its disk" in found["database.encrypt"]
    rented = {"ssh_from": ["203.0.113.0/24"]}
    nodes = {"mx1": {"device": "/dev/sdb"}, "mx2": {}}
    found = mistakes(platform="hetzner", hetzner=rented, database=encrypt, nodes=nodes)
    assert found.keys() == {"hetzner.volume", "nodes.mx1.device"}
    assert "take hetzner.volume" in found["nodes.mx1.device"]


def test_a_disk_is_named_by_its_path() -> None:
    own = {"mx1": {"address": "10.0.0.1", "device": "sdb; reboot"}}
    assert "a disk is named by its path" in mistakes(platform="existing", nodes=own)["nodes.mx1.device"]
