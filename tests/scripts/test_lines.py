"""Another line of FoundationDB on one host: laid beside, never in the place of what runs, and taken away at the end."""

from pathlib import Path

import pytest

from tests.scripts.test_foundationdb import INSTALL
from tests.standins.foundationdb.package import build

from .conftest import Done, Sandbox

NEW = "7.5.0"
STAGE = {"NODE": "mx2", "FDB_VERSION": NEW, "FDB_SOURCE": "file:///var/cache/mirror"}
POINT = {"NODE": "mx2", "FDB_VERSION": NEW}
BESIDE = f"/usr/local/lib/stalwart-cluster/foundationdb-{NEW}"
CONF = "/etc/foundationdb/foundationdb.conf"
DROP_IN = "/etc/systemd/system/stalwart.service.d/foundationdb-line.conf"
WRAPPER = "/usr/local/bin/fdbcli"
FOLLOW = "/usr/local/lib/stalwart-cluster/follow-line"
UNIT = "stalwart-line"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages of the new line."""
    place = tmp_path_factory.mktemp("mirror")
    build(place, NEW)
    return place / "foundationdb" / NEW


@pytest.fixture
def host(sandbox: Sandbox, packages: Path) -> Sandbox:
    """A host that holds data of FoundationDB 7.4.6, where no service runs now."""
    for name in ("chown", "apt-mark", "apt-get", "pgrep"):
        sandbox.program(name)
    sandbox.program("systemctl", '[[ "$*" != *is-active* ]]')
    sandbox.program("dpkg-query", '[[ "$3" == *Status* ]] && echo "hold ok installed" || cat /var/lib/package')
    sandbox.program("ss", 'echo "LISTEN 0 1 10.0.0.2:4500 0.0.0.0:*"')
    sandbox.file("/var/lib/package", "7.4.6-1")
    sandbox.file("/var/lib/foundationdb/data/4500/storage-1.sqlite", "mail")
    sandbox.file("/etc/systemd/system/stalwart.service", "[Service]\n")
    for path in packages.iterdir():
        sandbox.file(f"/var/cache/mirror/{path.name}").parent.mkdir(parents=True, exist_ok=True)
        sandbox.file(f"/var/cache/mirror/{path.name}").write_bytes(path.read_bytes())
    assert sandbox.run("foundationdb/install.sh", **INSTALL).code == 0
    return sandbox


def command(host: Sandbox) -> str:
    lines = host.file(CONF).read_text().splitlines()
    (found,) = [line for line in lines if line.startswith("command = ")]
    return found.removeprefix("command = ")


def stage(host: Sandbox, **changed: str) -> Done:
    return host.run("foundationdb/stage.sh", **{**STAGE, **changed})


def test_the_new_line_lies_beside_and_what_runs_is_what_it_was(host: Sandbox) -> None:
    before = len(host.calls("systemctl"))
    done = stage(host)
    assert done.code == 0, done.err
    assert done.out == '{"state": "staged"}\n'
    for path in ("usr/sbin/fdbserver", "usr/bin/fdbcli", "client/libfdb_c.so"):
        assert host.file(f"{BESIDE}/{path}").is_file()
    assert len([*host.file(f"{BESIDE}/client").iterdir()]) == 1
    assert not host.file(DROP_IN).exists()
    assert command(host) == "/usr/sbin/fdbserver"
    assert not host.calls("apt-get")
    assert not [call for call in host.calls("systemctl")[before:] if call.split()[0] in {"stop", "restart", "start"}]


def test_a_second_run_writes_nothing(host: Sandbox) -> None:
    for script, given in (("foundationdb/stage.sh", STAGE), ("foundationdb/point.sh", POINT)):
        assert host.run(script, **given).code == 0
    before = host.written()
    for script, given in (("foundationdb/stage.sh", STAGE), ("foundationdb/point.sh", POINT)):
        assert host.run(script, **given).code == 0
    assert host.written() == before


def test_a_package_without_its_published_digest_changes_nothing(host: Sandbox) -> None:
    (package,) = host.file("/var/cache/mirror").glob("foundationdb-server*.deb")
    package.write_text("something else")
    before = set(host.written())
    done = stage(host)
    assert done.code == 1
    assert "does not have its published digest" in done.err
    assert {path for path in set(host.written()) - before if not path.startswith(("var/cache", "run"))} == set()
    assert host.run("foundationdb/point.sh", **POINT).code == 0
    assert command(host) == "/usr/sbin/fdbserver"


def test_programs_that_do_not_run_here_are_refused_before_anything(host: Sandbox) -> None:
    host.program("dpkg-deb", 'mkdir -p "$3/usr/lib" && touch "$3/usr/lib/libfdb_c.so"')
    done = stage(host)
    assert done.code == 1
    assert f"/usr/sbin/fdbserver of FoundationDB {NEW} does not run on this host" in done.err
    assert not host.file(BESIDE).exists()
    assert not host.file(DROP_IN).exists()


def test_an_older_line_is_refused(host: Sandbox) -> None:
    host.file("/var/lib/package", "7.6.0-1")
    done = stage(host)
    assert done.code == 1
    assert "FoundationDB 7.6.0 is installed and the stack file wants the older 7.5.0" in done.err


def test_a_host_without_data_and_one_of_the_line_have_nothing_to_do(host: Sandbox) -> None:
    before = host.written()
    assert stage(host, FDB_VERSION="7.4.8").out == '{"state": "over"}\n'
    host.file("/var/lib/foundationdb/data/4500/storage-1.sqlite").unlink()
    assert stage(host).out == '{"state": "fresh"}\n'
    assert {path for path in set(host.written()) - set(before) if not path.startswith("run")} == set()


def test_fdbcli_is_that_of_the_process_that_runs_and_where_none_does_of_the_one_that_would(host: Sandbox) -> None:
    assert stage(host).code == 0
    assert host.run("foundationdb/point.sh", **POINT).code == 0
    ask = f"bash {WRAPPER} --version"
    assert f"(v{NEW})" in host.bash(f"{{\n{ask}\n}} </dev/null\n").out
    host.program("pgrep", "cat /run/process")
    running = f"(exec -a /usr/sbin/fdbserver sleep 30) &\necho $! >/run/process\n{ask}\nkill $!\n"
    assert f"{WRAPPER}: line" in (said := host.bash(f"{{\n{running}}} </dev/null\n").err)
    assert "/usr/bin/fdbcli: No such file" in said, "which is not on this machine"


AVAILABLE = "The database is available."
COORDINATED = '"quorum_reachable" : true'
OWN = "/usr/local/own"
"""Where the programs of the package would be: those of this machine are no test's."""


def followed(host: Sandbox, runs: str, *, new: str = "", own: str = "", seconds: int = 4) -> list[str]:
    """What a host that is led to the new line has systemd do, while its process and fdbcli of both lines are so."""
    assert stage(host).code == 0
    assert host.run("foundationdb/point.sh", **POINT).code == 0
    for place, said in ((BESIDE, new), (OWN, own)):
        host.file(f"{place}/usr/bin/fdbcli", f"#!/bin/bash\necho '{said}'\n").chmod(0o755)
    follow = host.file(FOLLOW)
    text = follow.read_text().replace("\nown=\n", f"\nown={OWN}\n").replace("\npatience=10\n", "\npatience=1\n")
    follow.write_text(text)
    host.program("pgrep", "cat /run/process")
    host.program("systemctl", "true")
    before = len(host.calls("systemctl"))
    process = f"(exec -a {runs}/usr/sbin/fdbserver sleep 60) &\necho $! >/run/process\n"
    host.bash(f"{{\n{process}timeout {seconds} {FOLLOW}\nkill $!\n}} </dev/null\n")
    return [call for call in host.calls("systemctl")[before:] if call.split()[0] in {"kill", "restart"}]


def test_the_mail_server_starts_again_with_the_library_of_the_new_line_when_the_database_has_gone_over(
    host: Sandbox,
) -> None:
    assert followed(host, BESIDE, new=AVAILABLE) == ["kill --signal=KILL stalwart"]
    assert f"Environment=LD_LIBRARY_PATH={BESIDE}/client\n" in host.file(DROP_IN).read_text()
    assert f"enable --quiet {UNIT}" in host.calls("systemctl"), "it goes on after a reboot"
    assert host.file(f"{BESIDE}/gone-over").exists()


@pytest.mark.parametrize(
    ("runs", "new"),
    [
        pytest.param(OWN, "", id="the former line runs everywhere"),
        pytest.param(BESIDE, COORDINATED, id="all have gone over and the database comes up"),
    ],
)
def test_nothing_is_started_again_as_long_as_the_database_is_on_its_way(host: Sandbox, runs: str, new: str) -> None:
    assert followed(host, runs, new=new, own=AVAILABLE) == []
    assert command(host) == f"{BESIDE}/usr/sbin/fdbserver"
    assert not host.file(DROP_IN).exists()


def test_a_process_that_went_before_the_others_is_led_back(host: Sandbox) -> None:
    """Else it would stop the whole database. When it is in again the monitor is led to the new line as before."""
    assert "restart foundationdb" in followed(host, BESIDE, own=AVAILABLE)
    assert command(host) == f"{BESIDE}/usr/sbin/fdbserver"


def test_a_cluster_that_has_gone_over_is_not_led_back_when_most_of_its_hosts_are_down(host: Sandbox) -> None:
    assert stage(host).code == 0
    host.file(f"{BESIDE}/gone-over", "")
    assert followed(host, BESIDE, own=AVAILABLE) == []


def test_a_process_that_was_left_behind_follows_the_others(host: Sandbox) -> None:
    assert "restart foundationdb" in followed(host, OWN, new=COORDINATED)
    assert command(host) == f"{BESIDE}/usr/sbin/fdbserver"


def test_from_the_moment_it_is_led_there_the_monitor_stays_led_there_until_the_package_follows(host: Sandbox) -> None:
    assert stage(host).code == 0
    assert host.run("foundationdb/point.sh", **POINT).code == 0
    assert command(host) == f"{BESIDE}/usr/sbin/fdbserver"
    host.file("/var/lib/package", "7.5.0-1")
    done = host.run("foundationdb/install.sh", **{**INSTALL, "FDB_VERSION": NEW})
    assert done.code == 0, done.err
    assert command(host) == "/usr/sbin/fdbserver"
    assert not host.file(BESIDE).exists()
    assert not host.file(DROP_IN).exists()
    assert not host.file(WRAPPER).exists()
    assert not host.file(FOLLOW).exists()
    assert not host.file(f"/etc/systemd/system/{UNIT}.service").exists()


def test_whoever_changes_his_mind_before_the_window_is_led_back(host: Sandbox) -> None:
    assert stage(host).code == 0
    assert host.run("foundationdb/point.sh", **POINT).code == 0
    done = host.run("foundationdb/install.sh", **INSTALL)
    assert done.code == 0, done.err
    assert command(host) == "/usr/sbin/fdbserver"
    assert not host.file(BESIDE).exists()
