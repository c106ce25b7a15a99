"""A host is refused with all reasons together and nothing on it changed; a given one is released with its data."""

import pytest

from components.remote.script import Script

from .conftest import Done, Sandbox

PREPARE = {
    "NODE": "mx1",
    "CLUSTER_ID": "00ff",
    "STACK": "mail/dev",
    "ADDRESS": "10.0.0.1",
    "HOSTS": "10.0.0.1 mx1.mail.dev.test mx1",
    "CLUSTER": '{"tolerance": 0, "nodes": {}}',
    "ADDRESS_SECONDS": "0",
    "DEVICE": "",
    "DISK_KEY": "",
    "TANG_PORT": "",
    "PACKAGES": "nats-server",
    "MIN_MEMORY_MIB": "1",
    "MIN_DISK_GIB": "0",
}


@pytest.fixture
def host(sandbox: Sandbox) -> Sandbox:
    """A Debian 13 host that is fit."""
    sandbox.file("/etc/os-release", 'ID=debian\nVERSION_ID="13"\n')
    sandbox.program("dpkg", "echo amd64")
    sandbox.program(
        "dpkg-query",
        "case \"${@: -1}\" in exim4*|postfix|sendmail*|opensmtpd) exit 1;; esac; echo 'install ok installed'",
    )
    sandbox.program("ip", "echo '2: x inet 10.0.0.1/24 scope global x'")
    sandbox.program("ss")
    sandbox.program("swapon")
    sandbox.program("systemd-detect-virt")
    sandbox.program("hostname", "echo mx1")
    sandbox.program("apt-get")
    sandbox.program("systemctl")
    # As an interrupted run of ours leaves it.
    sandbox.file("/etc/nats-server.conf", "# Written by stalwart-cluster.\n")
    return sandbox


def test_a_fit_host_is_prepared_and_marked(host: Sandbox) -> None:
    done = host.run("host/prepare.sh", **PREPARE)
    assert done.code == 0, done.err
    assert (
        '"id": "00ff", "stack": "mail/dev", "node": "mx1"' in host.file("/etc/stalwart-cluster/owner.json").read_text()
    )
    assert "10.0.0.1 mx1.mail.dev.test mx1" in host.file("/etc/hosts").read_text()
    assert not [call for call in host.calls("apt-get") if "install" in call], "nothing was missing"


def test_a_prepared_host_is_left_alone(host: Sandbox) -> None:
    assert host.run("host/prepare.sh", **PREPARE).code == 0
    before = host.written()
    assert host.run("host/prepare.sh", **PREPARE).code == 0
    assert host.written() == before


def test_all_reasons_are_told_together_and_nothing_is_changed(host: Sandbox) -> None:
    host.file("/etc/os-release", "ID=ubuntu\nVERSION_ID=24.04\n")
    host.file("/etc/stalwart-cluster/owner.json", '{"id": "other", "stack": "shop/live", "node": "db1"}\n')
    host.file("/var/lib/foundationdb/data/4500/storage-1", "x")
    host.file("/etc/foundationdb/fdb.cluster", "shop:abc@10.9.9.9:4500\n")
    host.file("/etc/stalwart/config.json", "{}")
    host.file("/etc/nats-server.conf", "# somebody's\n")
    host.program(
        "dpkg-query", "case \"${@: -1}\" in postfix|nats-server) echo 'install ok installed';; *) exit 1;; esac"
    )
    host.program("ip", "true")
    host.program("ss", '[[ "$*" == *:25* ]] && echo \'LISTEN 0 1 *:25 users:(("master",pid=1,fd=1))\' || true')
    before = host.written()
    done = host.run("host/prepare.sh", **{**PREPARE, "MIN_MEMORY_MIB": "99999999", "MIN_DISK_GIB": "999999"})
    assert done.code == 1
    for reason in (
        "it is not Debian 12 or 13",
        "the address 10.0.0.1 is on none of its interfaces",
        "it belongs to stack shop/live as node db1",
        "99999999 MiB is the least",
        "999999 GiB is the least",
        "another mail server is installed: postfix",
        "it holds data of another FoundationDB",
        "a Stalwart is set up on it already",
        "a NATS server is installed already",
        "port 25 is in use by master",
    ):
        assert reason in done.err
    assert host.written() == before


RELEASE = {
    "NODE": "mx1",
    "SSH_HOST": "10.0.0.1",
    "SSH_PORT": "22",
    "SSH_USER": "admin",
    "SSH_PRIVATE_KEY": "KEY",
    "SSH_HOST_KEY": "ssh-ed25519 AAAA",
    "SSH_BASTION": "",
    "SSH_BASTION_HOST_KEY": "",
}


def release(host: Sandbox, *, ssh: str) -> Done:
    """Run the release as the engine does when the stack goes; `ssh` is what stands in for the way to the host."""
    host.program("ssh", ssh)
    script = Script("local/release_host.sh")
    script.check(RELEASE)
    return host.bash(f"set -- down\n{script.payload(RELEASE)}")


# The last argument is what the host runs: here, on itself.
ON_THE_HOST = 'command="${@: -1}"; exec bash -c "${command#sudo -n }"'


def test_a_released_host_may_be_taken_again(host: Sandbox) -> None:
    assert host.run("host/prepare.sh", **PREPARE).code == 0
    done = release(host, ssh=ON_THE_HOST)
    assert done.code == 0, done.err
    assert "its data are kept" in done.err
    assert '"released"' in host.file("/etc/stalwart-cluster/owner.json").read_text()
    assert host.run("host/prepare.sh", **{**PREPARE, "CLUSTER_ID": "new"}).code == 0
    assert '"id": "new"' in host.file("/etc/stalwart-cluster/owner.json").read_text()


def test_a_host_that_no_stack_owns_is_not_released(sandbox: Sandbox) -> None:
    sandbox.program("systemctl")
    done = release(sandbox, ssh=ON_THE_HOST)
    assert (done.code, done.err) == (0, "")
    assert not sandbox.calls("systemctl")


def test_a_host_that_cannot_be_told_holds_nothing_up_and_what_is_left_on_it_is_said(sandbox: Sandbox) -> None:
    done = release(sandbox, ssh="echo 'ssh: connect to host 10.0.0.1 port 22: No route to host' >&2; exit 255")
    assert done.code == 0
    assert "WARNING: 10.0.0.1 could not be told that it leaves the stack: ssh: connect to host" in done.err
    assert "rm /etc/stalwart-cluster/owner.json" in done.err


def test_a_host_that_hangs_is_given_up(sandbox: Sandbox) -> None:
    sandbox.program("timeout", '[[ "$1" == 20 ]] && exit 124; shift; exec "$@"')
    done = release(sandbox, ssh="exec sleep 1000")
    assert done.code == 0
    assert "could not be told that it leaves the stack: no answer within 20 s" in done.err


def test_a_release_that_breaks_off_is_said_and_holds_nothing_up(sandbox: Sandbox) -> None:
    done = release(sandbox, ssh='[[ "${@: -1}" == true ]] || { cat >/dev/null; exit 255; }')
    assert done.code == 0
    assert "it answered, and the release did not end well" in done.err


def test_no_secret_is_in_the_command_line_of_a_release(sandbox: Sandbox) -> None:
    release(sandbox, ssh=ON_THE_HOST)
    assert sandbox.calls("ssh")
    assert not [call for call in sandbox.calls("ssh") if "KEY" in call]


def test_a_host_key_is_learnt_and_its_fingerprint_shown(sandbox: Sandbox) -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGxlYXJudGxlYXJudGxlYXJudGxlYXJudGxlYXJudGxl"
    sandbox.program("ssh-keyscan", f"echo '# comment'; echo '10.0.0.1 {key}'")
    sandbox.program("ssh-keygen", "echo '256 SHA256:abc no comment (ED25519)'")
    done = sandbox.run("local/learn_host_key.sh", NODE="mx1", SSH_HOST="10.0.0.1", SSH_PORT="22")
    assert done.out == key
    assert "SHA256:abc" in done.err


def test_a_lab_host_of_another_state_is_refused_and_left_as_it_is(sandbox: Sandbox) -> None:
    home = "/var/lib/stalwart-cluster/lab/stalwart-cluster-dev/mx1"
    sandbox.file(f"{home}/root/etc/ssh/ssh_host_ed25519_key", "the former key\n")
    given = {"LAB": "stalwart-cluster-dev", "LAB_NETWORK": "10.77.0.0/24", "LAB_DEBIAN": "13", "NODE": "mx1"}
    keys = {"LAB_AUTHORIZED_KEY": "ours", "LAB_HOST_KEY": "our key\n"}
    before = sandbox.written()
    script = Script("lab/host.sh")
    done = sandbox.bash(script.payload(given | keys | {"LAB_ADDRESS": "10.77.0.11"}).replace("${1:-}", "up"))
    assert done.code == 1
    assert f"{home} is a host of another state of this stack" in done.err
    assert "STACK=dev tools/lab.sh remove" in done.err
    assert sandbox.written() == before
