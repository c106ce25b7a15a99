"""A script travels as one payload: whole, with its libraries, its values quoted, never in a command line."""

import ast
import hashlib
import subprocess
from pathlib import Path

import pytest

from components.remote.script import SCRIPTS, Script, ScriptError, values_of

EVERY = sorted(
    str(path.relative_to(SCRIPTS))
    for path in SCRIPTS.rglob("*")
    if path.suffix in {".sh", ".py"} and path.relative_to(SCRIPTS).parts[0] != "lib"
)


def run(payload: str) -> str:
    return subprocess.run(["bash", "-s"], input=payload, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of scripts of the test's own."""
    monkeypatch.setattr("components.remote.script.SCRIPTS", tmp_path)
    (tmp_path / "lib").mkdir()
    return tmp_path


@pytest.mark.parametrize("path", EVERY)
def test_every_script_of_the_project_can_be_sent(path: str) -> None:
    payload = Script(path).payload(dict.fromkeys(Script(path).required, "x"))
    assert subprocess.run(["bash", "-n"], input=payload, text=True, check=False).returncode == 0


# On the host that stands for the world outside, with Debian's packages for what a receiver of mail checks.
OUTSIDE = ("verify/send.py", "verify/stranger.py", "verify/received.py")


@pytest.mark.parametrize("path", [path for path in EVERY if path.endswith(".py")])
def test_python_on_a_host_needs_only_the_standard_library_and_what_hosts_are_prepared_with(path: str) -> None:
    assert " python3-dnspython " in Script("host/prepare.sh").text
    sent = Script(path)
    for text in (sent.text, *sent.modules.values()):
        for statement in ast.walk(ast.parse(text)):
            modules = [statement.module or ""] if isinstance(statement, ast.ImportFrom) else []
            modules += [alias.name for alias in statement.names] if isinstance(statement, ast.Import) else []
            # The database's own binding is looked for, and done without where it is not.
            beside = {"dkim", "spf"} if path in OUTSIDE else {"fdb", "dns"}
            assert {module.split(".")[0] for module in modules} <= set(_standard()) | {"lib"} | beside


@pytest.mark.parametrize("path", [path for path in EVERY if path.endswith(".py")])
def test_no_library_that_python_would_import_stays_behind(path: str) -> None:
    sent = Script(path)
    for text in (sent.text, *sent.modules.values()):
        for statement in ast.walk(ast.parse(text)):
            if isinstance(statement, ast.ImportFrom) and (module := statement.module or "").split(".")[0] == "lib":
                place = module.replace(".", "/")
                names = [f"{place}.py", *(f"{place}/{alias.name}.py" for alias in statement.names)]
                assert any(name in sent.modules for name in names[:1]) or set(names[1:]) <= set(sent.modules)


def _standard() -> frozenset[str]:
    import sys  # noqa: PLC0415  # here only

    return sys.stdlib_module_names


def test_any_text_arrives_as_it_was(script: Path) -> None:
    (script / "say.sh").write_text(': "${WORD:?}"\nprintf %s "$WORD"\n')
    odd = "a'b\"c$d`e`\\f\n{g} $(h) ünï"
    assert run(Script("say.sh").payload({"WORD": odd})) == odd


def test_a_text_too_long_for_an_environment_arrives_too_and_leaves_no_trace(script: Path) -> None:
    (script / "lib/given.py").write_text((Path(__file__).parents[2] / "scripts/lib/given.py").read_text())
    (script / "say.py").write_text(
        "import hashlib\nfrom os import environ\nfrom lib.given import given\n"
        'texts = (given("LONG"), given("LONGER"), given("SHORT"))\n'
        'print(*(hashlib.sha256(text.encode()).hexdigest() for text in texts), "LONG" in environ)\n'
    )
    (script / "say.sh").write_text(': "${LONG:?}"\nprintf %s "$LONG" | sha256sum | cut -c1-64\n')
    said = Script("say.py")
    assert said.required == {"LONG", "LONGER", "SHORT"}
    values = {"LONG": "a'b\"ü\n" * 40_000, "LONGER": "x" * 1_000_000, "SHORT": "s"}
    digests = [hashlib.sha256(values[name].encode()).hexdigest() for name in ("LONG", "LONGER", "SHORT")]
    assert run(said.payload(values)).split() == [*digests, "False"]
    assert run(Script("say.sh").payload({"LONG": values["LONG"]})).strip() == digests[0]
    assert values_of(said.payload(values)) == values


def test_a_child_that_reads_its_input_does_not_eat_the_script(script: Path) -> None:
    (script / "greedy.sh").write_text("cat\nread -r line || true\necho end\n")
    assert run(Script("greedy.sh").payload({})) == "end\n"


def test_libraries_travel_with_a_script(script: Path) -> None:
    (script / "lib/a.sh").write_text("a() { echo from-a; }\n")
    (script / "use.sh").write_text("source lib/a.sh\na\n")
    (script / "lib/b.py").write_text("from lib.c import word\n")
    (script / "lib/c.py").write_text("word = 'from-c'\n")
    (script / "lib/deep").mkdir()
    (script / "lib/deep/d.py").write_text("from lib.c import word\n")
    (script / "use.py").write_text(
        "from lib import (\n    b,  # the first\n    c as other,\n)\n"
        "from lib.deep import d\nfrom lib.deep.d import word\n"
        "print(b.word, other.word, d.word, word)\n"
    )
    assert run(Script("use.sh").payload({})) == "from-a\n"
    assert set(Script("use.py").modules) == {"lib/b.py", "lib/c.py", "lib/deep/d.py"}
    assert run(Script("use.py").payload({})) == "from-c from-c from-c from-c\n"


def test_the_digest_changes_with_a_library(script: Path) -> None:
    (script / "lib/a.sh").write_text("one\n")
    (script / "use.sh").write_text("source lib/a.sh\n")
    before = Script("use.sh").digest
    (script / "lib/a.sh").write_text("two\n")
    assert Script("use.sh").digest != before


def test_a_missing_input_is_named_before_anything_runs(script: Path) -> None:
    (script / "say.sh").write_text(': "${WORD:?what to say}"\n: "${EMPTY?may be empty}"\n')
    (script / "say.py").write_text('from os import environ\nWORD = environ["WORD"]\n')
    with pytest.raises(ScriptError, match="needs EMPTY, WORD"):
        Script("say.sh").check([])
    with pytest.raises(ScriptError, match="needs WORD"):
        Script("say.py").check(["EMPTY"])


def test_a_script_that_is_not_there_is_named(script: Path) -> None:
    with pytest.raises(ScriptError, match=r"scripts/none\.sh cannot be read"):
        _ = Script("none.sh").text


def test_python_leaves_nothing_behind(script: Path, tmp_path: Path) -> None:
    (script / "where.py").write_text("print(__file__)\n")
    assert not Path(run(Script("where.py").payload({})).strip()).parent.exists()
