"""Files that are sent to a host: what it lacks, checked by digest; what a host keeps for its steps is all it keeps."""

import hashlib
from collections.abc import Mapping

import pytest

from tests.scripts.conftest import Done, Sandbox

TARGET = "/var/lib/stalwart-cluster/scripts"
ONE, TWO = "echo one\n", "echo two\n"
TO_HOST = {"SSH_HOST": "192.0.2.1", "SSH_PORT": "22", "SSH_USER": "root", "SSH_PRIVATE_KEY": "", "SSH_HOST_KEY": "k"}


@pytest.fixture
def host(sandbox: Sandbox) -> Sandbox:
    """A host that is reached by `ssh`, and a folder in the home of whoever reaches it."""
    sandbox.program("ssh", 'exec bash -c "${!#}"')
    for text in (ONE, TWO):
        sandbox.file(f"/var/cache/home/kept/{_seal(text)}", text)
    return sandbox


def _seal(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _push(host: Sandbox, texts: Mapping[str, str], others: str = "go", **way: str) -> Done:
    files = "\n".join(f"{digest}  {name}" for name, digest in texts.items())
    packed = {"OTHERS": others, "PACKED": "-z" if others == "go" else ""}
    given = {"NODE": "mx1", "FILES": files, "FOLDER": "~/kept", **packed, "TARGET_DIR": TARGET}
    script = host.payload("local/push_files.sh", **given, **TO_HOST | way, SSH_BASTION="", SSH_BASTION_HOST_KEY="")
    return host.bash(f"export HOME=/var/cache/home\n{script}")


def _there(host: Sandbox) -> dict[str, str]:
    return {path.name: path.read_text() for path in host.file(TARGET).iterdir() if path.is_file()}


def test_a_host_is_sent_what_it_lacks_and_nothing_twice(host: Sandbox) -> None:
    both = {_seal(text): _seal(text) for text in (ONE, TWO)}
    first = _push(host, both)
    assert (first.code, first.err) == (0, "mx1: sending 2 files\n")
    assert _there(host) == {_seal(ONE): ONE, _seal(TWO): TWO}
    before = host.written()
    second = _push(host, both)
    assert (second.code, second.err) == (0, "")
    assert {path: when for path, when in host.written().items() if TARGET in f"/{path}"} == {
        path: when for path, when in before.items() if TARGET in f"/{path}"
    }


def test_a_login_that_is_not_root_sends_through_sudo(host: Sandbox) -> None:
    host.program("sudo", '[[ "$1" == -n ]] && shift && exec "$@"')
    assert _push(host, {_seal(ONE): _seal(ONE)}, SSH_USER="admin").code == 0
    assert _there(host) == {_seal(ONE): ONE}
    assert host.calls("sudo")


def test_what_was_edited_there_is_sent_again_and_what_no_step_runs_any_more_goes(host: Sandbox) -> None:
    host.file(f"{TARGET}/{_seal(ONE)}", "echo edited\n")
    host.file(f"{TARGET}/{_seal('old')}", "old")
    assert _push(host, {_seal(ONE): _seal(ONE)}).code == 0
    assert _there(host) == {_seal(ONE): ONE}


def test_packages_of_former_releases_stay(host: Sandbox) -> None:
    host.file(f"{TARGET}/former.deb", "former")
    assert _push(host, {_seal(ONE): _seal(ONE)}, others="stay").code == 0
    assert _there(host) == {_seal(ONE): ONE, "former.deb": "former"}


def test_a_file_that_is_not_what_it_is_called_is_refused(host: Sandbox) -> None:
    done = _push(host, {_seal(ONE): _seal(TWO)})
    assert done.code == 1
    assert "the files did not arrive whole on 192.0.2.1" in done.err
