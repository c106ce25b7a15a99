"""The mail server is installed from an archive that is what it shall be, once."""

import io
import tarfile

import pytest

from .conftest import Sandbox

ARCHIVE = "/var/cache/mirror/stalwart-foundationdb-x86_64-unknown-linux-gnu.tar.gz"
INSTALL = {
    "NODE": "mx1",
    "STALWART_VERSION": "0.16.27",
    "STALWART_SOURCE": "file:///var/cache/mirror",
    "STALWART_SHA256": "",
    "STALWART_HOSTNAME": "mx1.mail.dev.test",
    "ZONE": "a",
    "TRANSACTION_TIMEOUT": "20000",
    "ADMIN_LOGIN": "admin@example.org",
    "ADMIN_PASSWORD": "secret",
    "NATS_PASSWORD": "s3cret",
    "NATS_ADDRESSES": "10.0.0.1:4222",
}


def archive(host: Sandbox, *members: str) -> None:
    host.file(ARCHIVE, "")
    with tarfile.open(host.file(ARCHIVE), "w:gz") as packed:
        for name in members:
            member = tarfile.TarInfo(name)
            member.size = 4
            packed.addfile(member, io.BytesIO(b"text"))


@pytest.fixture
def host(sandbox: Sandbox) -> Sandbox:
    """A host with the archive at hand and without the account `stalwart`."""
    for name in ("adduser", "chown"):
        sandbox.program(name)
    sandbox.program("systemctl", "[[ $1 != is-active ]]")
    sandbox.program("id")
    sandbox.program("install", 'mkdir -p "${@: -1}"')
    sandbox.program("dpkg", "echo amd64")
    archive(sandbox, "stalwart-foundationdb")
    return sandbox


def test_it_is_installed_and_its_digest_told(host: Sandbox) -> None:
    done = host.run("stalwart/install.sh", **INSTALL)
    assert done.code == 0, done.err
    assert '"arch": "amd64", "version": "0.16.27"' in done.out
    assert host.file("/etc/stalwart/config.json").read_text().count("transactionTimeout") == 1
    assert "s3cret" not in host.file("/etc/systemd/system/stalwart.service").read_text()
    assert host.file("/etc/stalwart/stalwart.env").stat().st_mode & 0o007 == 0


def test_a_second_installation_changes_nothing(host: Sandbox) -> None:
    first = host.run("stalwart/install.sh", **INSTALL)
    before = host.written()
    assert host.run("stalwart/install.sh", **INSTALL).out == first.out
    assert host.written() == before


def test_a_server_that_served_and_was_stopped_is_started_and_one_that_never_did_is_not(host: Sandbox) -> None:
    assert host.run("stalwart/install.sh", **INSTALL).code == 0
    assert "start stalwart" not in host.calls("systemctl")
    host.file("/var/lib/stalwart-cluster/stalwart.started-for", "0123")
    assert host.run("stalwart/install.sh", **INSTALL).code == 0
    assert "start stalwart" in host.calls("systemctl")


def test_another_archive_than_the_pinned_one_is_refused(host: Sandbox) -> None:
    done = host.run("stalwart/install.sh", **{**INSTALL, "STALWART_SHA256": f"amd64 {'0' * 64}"})
    assert done.code == 1
    assert f"not {'0' * 64}" in done.err
    assert not host.file("/usr/local/bin/stalwart").is_symlink()


def test_a_digest_of_another_architecture_is_not_demanded(host: Sandbox) -> None:
    assert host.run("stalwart/install.sh", **{**INSTALL, "STALWART_SHA256": f"arm64 {'0' * 64}"}).code == 0


@pytest.mark.parametrize(
    "members", [("stalwart",), ("stalwart-foundationdb", "install.sh"), ("../stalwart-foundationdb",)]
)
def test_an_archive_with_anything_else_in_it_is_refused(host: Sandbox, members: tuple[str, ...]) -> None:
    archive(host, *members)
    done = host.run("stalwart/install.sh", **INSTALL)
    assert done.code == 1
    assert "does not hold one file, stalwart-foundationdb" in done.err


def test_an_older_release_is_refused(host: Sandbox) -> None:
    assert host.run("stalwart/install.sh", **INSTALL).code == 0
    done = host.run("stalwart/install.sh", **{**INSTALL, "STALWART_VERSION": "0.16.20"})
    assert done.code == 1
    assert "Stalwart 0.16.27 is installed and the stack file wants the older 0.16.20" in done.err
