"""The database's scripts: a cluster file is made once, foreign data are refused, an installed release stays."""

import hashlib
import re

import pytest

from .conftest import Sandbox

SEED = {"NODE": "mx1", "CLUSTER_NAME": "mail", "SEED_ADDRESS": "10.0.0.1", "FOUND": ""}
INSTALL = {
    "NODE": "mx2",
    "FDB_VERSION": "7.4.6",
    "FDB_SOURCE": "file:///var/cache/mirror",
    "ZONE": "b",
    "ADDRESS": "10.0.0.2",
    "CLUSTER_FILE": "mail:0123456789abcdef@10.0.0.1:4500",
    "FDB_MEMORY": "4096MiB",
    "FDB_CACHE": "auto",
}
DATABASE = {
    "NODE": "mx1",
    "REDUNDANCY": "double",
    "ENGINE": "ssd-2",
    "COORDINATORS": "127.0.0.1:1",
    "PROCESSES": "",
    "FDB_VERSION": "7.4.6",
    "TOLERANCE": "0",
    "ALLOW": "",
}


@pytest.fixture
def host(sandbox: Sandbox) -> Sandbox:
    """A host whose packages install at once and whose services start at once."""
    for name in ("chown", "apt-mark", "systemctl", "fdbcli"):
        sandbox.program(name)
    dpkg = '[[ $3 != lt && "$4" > "$2" ]] && exit 1 || exit 0'
    sandbox.program("dpkg", f"case $1 in --print-architecture) echo amd64 ;; --compare-versions) {dpkg} ;; esac")
    sandbox.program("apt-get", "touch /var/lib/installed")
    version = '[[ "$3" == *Status* ]] && echo "hold ok installed" || echo "${VERSION:-7.4.6}"'
    sandbox.program("dpkg-query", f"[[ -e /var/lib/installed ]] || exit 1\n{version}")
    sandbox.program("ss", 'echo "LISTEN 0 1 10.0.0.2:4500 0.0.0.0:*"')
    for name in ("clients", "server"):
        deb = f"foundationdb-{name}_7.4.6-1_amd64.deb"
        sandbox.file(f"/var/cache/mirror/{deb}", name)
        sandbox.file(f"/var/cache/mirror/{deb}.sha256", hashlib.sha256(name.encode()).hexdigest())
    return sandbox


def test_the_seed_makes_a_cluster_file_with_its_real_address(sandbox: Sandbox) -> None:
    done = sandbox.run("foundationdb/seed.sh", **SEED)
    assert re.fullmatch(r"mail:[0-9a-f]{32}@10\.0\.0\.1:4500\n+", done.out)
    file = sandbox.file("/etc/foundationdb/fdb.cluster")
    assert file.read_text().strip() == done.out.strip()
    assert file.stat().st_mode & 0o777 == 0o640


def test_the_seed_never_makes_a_second_one(sandbox: Sandbox) -> None:
    first = sandbox.run("foundationdb/seed.sh", **SEED)
    before = sandbox.written()
    assert sandbox.run("foundationdb/seed.sh", **SEED).out.strip() == first.out.strip()
    assert sandbox.written() == before


def test_a_host_of_another_database_is_no_seed(sandbox: Sandbox) -> None:
    sandbox.file("/etc/foundationdb/fdb.cluster", "shop:abc@10.9.9.9:4500\n")
    done = sandbox.run("foundationdb/seed.sh", **SEED)
    assert done.code == 1
    assert "already belongs to the database shop" in done.err
    assert sandbox.file("/etc/foundationdb/fdb.cluster").read_text() == "shop:abc@10.9.9.9:4500\n"


def test_a_joiner_gets_files_before_packages(host: Sandbox) -> None:
    host.program(
        "apt-get",
        "[[ -s /etc/foundationdb/foundationdb.conf && -s /etc/foundationdb/fdb.cluster ]] || exit 9\n"
        "[[ -e /etc/foundationdb/.ready ]] && exit 8\ntouch /var/lib/installed",
    )
    done = host.run("foundationdb/install.sh", **INSTALL)
    assert done.code == 0, done.err
    assert done.out.strip() == '{"state": "fresh", "version": "7.4.6"}'
    (install,) = [call for call in host.calls("apt-get") if " install " in call]
    assert install.count(".deb") == 2, "both packages in one transaction"
    conf = host.file("/etc/foundationdb/foundationdb.conf").read_text()
    for line in ("locality-zoneid = b", "public-address = 10.0.0.2:4500", "memory = 4096MiB", "cache-memory = 1024MiB"):
        assert line in conf


def test_a_host_that_vanishes_is_given_up_sooner_than_by_default(host: Sandbox) -> None:
    """By the server's names: a name that it does not know it only warns of."""
    assert host.run("foundationdb/install.sh", **INSTALL).code == 0
    conf = host.file("/etc/foundationdb/foundationdb.conf").read_text().splitlines()
    knobs = dict(line.removeprefix("knob-").split(" = ") for line in conf if line.startswith("knob-"))
    default = {"connection-monitor-loop-time": 1.0, "connection-monitor-timeout": 2.0, "failure-detection-delay": 4.0}
    assert knobs.keys() == default.keys()
    assert all(float(knobs[name]) < seconds for name, seconds in default.items())
    assert knobs["failure-detection-delay"].isdigit(), "the server takes whole seconds only"


def test_a_second_installation_writes_and_restarts_nothing(host: Sandbox) -> None:
    host.program("systemctl", '[[ "$1" != is-enabled ]] || echo enabled')
    assert host.run("foundationdb/install.sh", **INSTALL).code == 0
    before, calls = host.written(), len(host.calls("apt-get"))
    # Another process of ours may lock and unlock; that writes nothing.
    assert host.run("foundationdb/install.sh", **INSTALL).code == 0
    assert host.written() == before
    assert len(host.calls("apt-get")) == calls
    assert not [call for call in host.calls("systemctl") if call.startswith(("restart", "stop"))]


def test_a_package_without_its_published_digest_is_refused(host: Sandbox) -> None:
    host.file("/var/cache/mirror/foundationdb-server_7.4.6-1_amd64.deb", "something else")
    done = host.run("foundationdb/install.sh", **INSTALL)
    assert done.code == 1
    assert "foundationdb-server_7.4.6-1_amd64.deb does not have its published digest" in done.err
    assert not host.calls("apt-get")


def test_a_mirror_without_a_file_names_it(host: Sandbox) -> None:
    host.file("/var/cache/mirror/foundationdb-server_7.4.6-1_amd64.deb").unlink()
    done = host.run("foundationdb/install.sh", **INSTALL)
    assert done.code == 1
    assert "the mirror has no /var/cache/mirror/foundationdb-server_7.4.6-1_amd64.deb" in done.err


@pytest.mark.parametrize(("wanted", "why"), [("7.4.4", "the older 7.4.4"), ("7.5.0", "7.5.0, of another line")])
def test_an_older_release_and_one_of_another_line_are_refused_before_anything(
    host: Sandbox, wanted: str, why: str
) -> None:
    assert host.run("foundationdb/install.sh", **INSTALL).code == 0
    before = len(host.calls("apt-get")), len(host.calls("systemctl"))
    done = host.run("foundationdb/install.sh", **{**INSTALL, "FDB_VERSION": wanted})
    assert done.code == 1
    assert f"FoundationDB 7.4.6 is installed and the stack file wants {why}" in done.err
    assert len(host.calls("apt-get")) == before[0]
    assert not [call for call in host.calls("systemctl")[before[1] :] if call.split()[0] in {"stop", "restart"}]


def test_a_member_is_not_moved_to_another_zone(host: Sandbox) -> None:
    assert host.run("foundationdb/install.sh", **INSTALL).code == 0
    assert host.run("foundationdb/install.sh", **{**INSTALL, "ZONE": "c"}).code == 0, "it holds nothing yet"
    host.file("/var/lib/foundationdb/data/4500/storage-1.sqlite", "mail")
    before = host.written()
    done = host.run("foundationdb/install.sh", **{**INSTALL, "ZONE": "b"})
    assert done.code == 1
    assert "stands in zone c and the stack file wants b" in done.err
    assert "set nodes.mx2.zone to c" in done.err
    assert host.written() == before


def test_data_of_another_database_are_refused_and_kept(host: Sandbox) -> None:
    host.file("/etc/foundationdb/fdb.cluster", "shop:abc@10.9.9.9:4500\n")
    kept = host.file("/var/lib/foundationdb/data/4500/storage-1.sqlite", "orders")
    done = host.run("foundationdb/install.sh", **INSTALL)
    assert done.code == 1
    assert "this host belongs to the database shop, not to mail" in done.err
    assert kept.read_text() == "orders"


def test_only_the_packages_own_empty_database_is_removed(host: Sandbox) -> None:
    own = '{"redundancy_mode" : "single", "storage_engine" : "memory-2"}'
    host.file("/etc/foundationdb/fdb.cluster", "abcd:efgh@127.0.0.1:4500\n")
    host.file("/var/lib/foundationdb/data/4500/storage-1.sqlite", "nothing")
    host.program("fdbcli", f"[[ \"$*\" == *getrange* ]] && echo 'Range limited' || echo '{own}'")
    assert host.run("foundationdb/install.sh", **INSTALL).code == 0
    assert not host.file("/var/lib/foundationdb/data/4500/storage-1.sqlite").exists()
    assert host.file("/etc/foundationdb/fdb.cluster").read_text().strip() == INSTALL["CLUSTER_FILE"]


def test_a_database_on_loopback_with_one_key_in_it_is_refused(host: Sandbox) -> None:
    own = '{"redundancy_mode" : "single", "storage_engine" : "memory-2"}'
    host.file("/etc/foundationdb/fdb.cluster", "abcd:efgh@127.0.0.1:4500\n")
    kept = host.file("/var/lib/foundationdb/data/4500/storage-1.sqlite", "something")
    host.program("fdbcli", f"[[ \"$*\" == *getrange* ]] && echo \"\\`a' is \\`b'\" || echo '{own}'")
    done = host.run("foundationdb/install.sh", **INSTALL)
    assert done.code == 1
    assert kept.read_text() == "something"


@pytest.mark.parametrize("states", ["member fresh fresh", "fresh fresh member"])
def test_a_database_that_exists_is_never_created_again(host: Sandbox, states: str) -> None:
    host.file("/etc/foundationdb/fdb.cluster", "mail:abc@127.0.0.1:1\n")
    client = '"client": {"database_status": {"available": true}}'
    cluster = '"cluster": {"configuration": {"storage_engine": "x", "redundancy_mode": "double"}}'
    host.program("fdbcli", f"echo '{{{client}, {cluster}}}'")
    done = host.run("foundationdb/database.py", **DATABASE, STATES=states)
    assert done.code == 1
    assert "created with the engine x and the stack file wants ssd-2" in done.err
    assert not [call for call in host.calls("fdbcli") if "configure new" in call]


def test_a_database_is_created_when_no_node_was_ever_part_of_one(host: Sandbox) -> None:
    host.file("/etc/foundationdb/fdb.cluster", "mail:abc@127.0.0.1:1\n")
    host.program("fdbcli", "echo 'ERROR: told to fail' >&2; exit 1")
    done = host.run("foundationdb/database.py", **DATABASE, STATES="fresh fresh fresh")
    assert done.code == 1
    assert "the database could not be created: ERROR: told to fail" in done.err
    assert [call for call in host.calls("fdbcli") if "configure new double ssd-2" in call]
