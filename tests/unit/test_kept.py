"""What a host keeps: a step names it, carries its values only, and runs nothing else than was sent."""

import os
import secrets
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from components.foundationdb.binding import binding
from components.remote import kept
from components.remote.script import Script, values_of

TEXT = "not its own end\n" * 4


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this machine keeps its texts, empty."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / ".cache/stalwart-cluster/scripts"


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of scripts of the test's own."""
    place = tmp_path / "scripts"
    place.mkdir()
    monkeypatch.setattr("components.remote.script.SCRIPTS", place)
    return place


def run(payload: str, keeps: Path) -> subprocess.CompletedProcess[str]:
    """Run a payload on a host that keeps its texts in a folder of the test."""
    text = payload.replace(kept.ON_HOSTS, str(keeps))
    return subprocess.run(["bash", "-s", "--", "up"], input=text, capture_output=True, text=True, check=False)


def test_a_step_on_a_host_carries_its_values_and_names_the_rest(folder: Path) -> None:
    code = Script("foundationdb/check.py")
    values = {"NODE": "mx1", "TOLERANCE": "1", "FDB_BINDING": kept.keep(binding())}
    payload = kept.on_host(code, values, ["FDB_BINDING"])
    assert len(payload) < 1000
    assert len(code.body(alone=True)) > 20_000
    assert values_of(payload) == values
    assert {path.name for path in folder.iterdir()} == {kept.seal(binding()), kept.seal(code.body(alone=True))}
    assert folder.stat().st_mode & 0o077 == 0


def test_a_script_of_any_kind_runs_from_where_it_is_kept_as_if_it_had_been_carried(folder: Path, scripts: Path) -> None:
    (scripts / "lib").mkdir()
    for name in ("kept.sh", "alone.sh", "given.py"):
        shutil.copy(Path(__file__).parents[2] / "scripts/lib" / name, scripts / "lib" / name)
    (scripts / "lib/word.py").write_text("word = 'from-a-library'\n")
    (scripts / "lib/a.sh").write_text("set -e\na() { echo from-a; }\n")
    bash, python = (f"say-{secrets.token_hex(4)}.{kind}" for kind in ("sh", "py"))
    (scripts / bash).write_text('source lib/a.sh\na\necho "$1 ${#TEXT} ${#LONG}"\ncat\nfalse\necho not stopped\n')
    (scripts / python).write_text(
        "import sys\nfrom os import environ\nfrom lib.given import given\nfrom lib.word import word\n"
        'print(word, sys.argv[1], len(environ["TEXT"]), len(given("LONG")))\n'
    )
    values = {"NODE": "mx1", "TEXT": kept.keep(TEXT), "LONG": "x" * 200_000}
    for path, said, code in ((bash, "from-a\nup 63 200000\n", 1), (python, "from-a-library up 63 200000\n", 0)):
        done = run(kept.on_host(Script(path), values, ["TEXT"]), folder)
        Path(f"/run/lock/stalwart-cluster.{path}").unlink()
        assert (done.returncode, done.stdout, done.stderr) == (code, said, "")


def test_what_was_changed_or_removed_on_a_host_is_not_run_and_the_remedy_is_said(folder: Path) -> None:
    payload = kept.on_host(Script("foundationdb/seed.sh"), {"NODE": "mx2"})
    (name,) = folder.iterdir()
    name.write_text("echo something else\n")
    changed = run(payload, folder)
    name.unlink()
    for done in (changed, run(payload, folder)):
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            "mx2: error: scripts/foundationdb/seed.sh does not lie on this host as the stack sent it\n"
            "mx2: what to do: make mend\n"
        )


def test_every_script_that_a_step_on_a_host_may_run_is_sent() -> None:
    sent = {code.path for code in kept.on_hosts()}
    assert {"foundationdb/install.sh", "stalwart/first.py", "upkeep/install.sh", "certificate/ask.py"} <= sent
    assert not [path for path in sent if path.split("/")[0] in {"lib", "lab", "local", "verify"}]


def test_what_no_run_has_kept_for_a_month_goes_from_this_machine(folder: Path) -> None:
    old, present = kept.keep("old"), kept.keep("present")
    for name in (old, present):
        os.utime(folder / name, (time.time() - 31 * 24 * 3600,) * 2)
    kept.keep("present")
    kept.forget()
    assert [path.name for path in folder.iterdir()] == [present]


def test_what_is_kept_already_is_left_alone_while_it_may_be_on_its_way(folder: Path) -> None:
    def changed() -> int:
        return (folder / name).stat().st_ctime_ns

    name = kept.keep("text")
    before = changed()
    kept.keep("text")
    assert changed() == before
