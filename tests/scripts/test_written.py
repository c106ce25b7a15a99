"""What scripts wrote on a node is noted, out of reach of others, so that a change by hand shows."""

import json

from components.remote.script import SCRIPTS, Script

from .conftest import Sandbox

OWNER = "/etc/stalwart-cluster/owner.json"
NOTES = "/var/lib/stalwart-cluster/written"
HOSTS = "127.0.0.1 localhost\n# stalwart-cluster begin\n10.0.0.1 mx1\n# stalwart-cluster end\n"


def put(sandbox: Sandbox, path: str, text: str, how: str = "") -> None:
    common = (SCRIPTS / "lib/common.sh").read_text()
    body = f"put {path} 0640 root:root {how} <<'TEXT'\n{text}TEXT\n"
    done = sandbox.bash(f"{{\nNODE=mx1\n{common}\n{body}\n}} </dev/null\n")
    assert done.code == 0, done.err


def in_python(sandbox: Sandbox, body: str) -> str:
    """What some Python prints that uses scripts/lib."""
    # Any script that brings the modules along; its own text is another here.
    script = Script("front/install.py")
    script.__dict__["text"] = (
        f"from pathlib import Path\nfrom lib import written\nfrom lib.front.files import put\n{body}\n"
    )
    done = sandbox.bash(script.payload({}))
    assert done.code == 0, done.err
    return done.out


def found(sandbox: Sandbox) -> dict[str, str]:
    """What the host says was changed by hand."""
    told: dict[str, str] = json.loads(in_python(sandbox, "import json\nprint(json.dumps(written.changed_by_hand()))"))
    return told


def test_what_is_as_it_was_written_is_not_told(sandbox: Sandbox) -> None:
    sandbox.file(OWNER, "{}")
    put(sandbox, "/etc/thing", "text\n")
    in_python(sandbox, "put(Path('/etc/other'), 'text')")
    assert found(sandbox) == {}
    assert sandbox.file(f"{NOTES}/etc/thing").stat().st_mode & 0o777 == 0o600
    assert sandbox.file(NOTES).stat().st_mode & 0o777 == 0o700


def test_bash_and_python_note_the_same(sandbox: Sandbox) -> None:
    sandbox.file(OWNER, "{}")
    put(sandbox, "/etc/thing", HOSTS)
    by_bash = sandbox.file(f"{NOTES}/etc/thing").read_text()
    in_python(sandbox, "written.note(Path('/etc/thing'))")
    assert sandbox.file(f"{NOTES}/etc/thing").read_text() == by_bash


def test_every_kind_of_change_is_told(sandbox: Sandbox) -> None:
    sandbox.file(OWNER, "{}")
    for name in ("edited", "gone", "open"):
        put(sandbox, f"/etc/{name}", "text\n")
    in_python(sandbox, "put(Path('/etc/other'), 'text')")
    sandbox.file("/etc/edited", "other\n").chmod(0o640)
    sandbox.bash("rm /etc/gone")
    sandbox.file("/etc/open").chmod(0o644)
    sandbox.file("/etc/other", "edited")
    assert found(sandbox) == {
        "/etc/edited": "edited",
        "/etc/gone": "gone",
        "/etc/open": "rights 644 root:root instead of 640 root:root",
        "/etc/other": "edited",
    }


def test_writing_it_again_puts_it_right(sandbox: Sandbox) -> None:
    sandbox.file(OWNER, "{}")
    put(sandbox, "/etc/thing", "text\n")
    in_python(sandbox, "put(Path('/etc/other'), 'text')")
    sandbox.file("/etc/thing", "other\n")
    sandbox.file("/etc/other").chmod(0o600)
    put(sandbox, "/etc/thing", "text\n")
    in_python(sandbox, "put(Path('/etc/other'), 'text')")
    assert found(sandbox) == {}


def test_lines_of_others_in_a_file_with_our_marks_are_theirs(sandbox: Sandbox) -> None:
    sandbox.file(OWNER, "{}")
    put(sandbox, "/etc/names", HOSTS)
    sandbox.file("/etc/names", f"10.9.9.9 printer\n{HOSTS}10.9.9.8 scanner\n").chmod(0o640)
    assert found(sandbox) == {}
    sandbox.file("/etc/names", HOSTS.replace("10.0.0.1 mx1", "10.0.0.9 mx1")).chmod(0o640)
    assert found(sandbox) == {"/etc/names": "edited"}


def test_a_file_that_others_rewrite_is_not_noted(sandbox: Sandbox) -> None:
    sandbox.file(OWNER, "{}")
    put(sandbox, "/etc/thing", "text\n", "shared")
    sandbox.file("/etc/thing", "other\n")
    assert found(sandbox) == {}


def test_a_machine_that_is_no_node_keeps_no_notes(sandbox: Sandbox) -> None:
    put(sandbox, "/etc/thing", "text\n")
    in_python(sandbox, "put(Path('/etc/other'), 'text')")
    assert not sandbox.file(NOTES).exists()


def test_what_a_script_removes_is_forgotten(sandbox: Sandbox) -> None:
    sandbox.file(OWNER, "{}")
    in_python(sandbox, "put(Path('/etc/a/b'), 'text'); put(Path('/etc/c'), 'text')")
    in_python(sandbox, "written.forget(Path('/etc/a')); written.forget(Path('/etc/c'))")
    sandbox.bash("rm -r /etc/a /etc/c")
    assert found(sandbox) == {}
