"""A text that is set in a stack file changes that line and no other."""

from pathlib import Path

import pytest
import yaml

from tests.rehearsal import workspace

FILE = """\
# A comment.
config:
  stalwart-cluster:platform: lab # and another
  stalwart-cluster:domains:
    - dev.test
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(workspace, "ROOT", tmp_path)
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(FILE)
    return path


def test_a_text_is_added_and_everything_else_stays(file: Path) -> None:
    workspace.set_in_stack_file("dev", "mend", "2026-11-25T01:00:00+00:00")
    assert yaml.safe_load(file.read_text())["config"]["stalwart-cluster:mend"] == "2026-11-25T01:00:00+00:00"
    assert [line for line in file.read_text().splitlines(keepends=True) if ":mend:" not in line] == FILE.splitlines(
        keepends=True
    )


def test_a_text_that_is_there_is_replaced(file: Path) -> None:
    workspace.set_in_stack_file("dev", "mend", "first")
    once = file.read_text()
    workspace.set_in_stack_file("dev", "mend", 'a "second" \\1')
    assert yaml.safe_load(file.read_text())["config"]["stalwart-cluster:mend"] == 'a "second" \\1'
    assert file.read_text().count(":mend:") == once.count(":mend:") == 1
