"""No script reads a pipe with a program that leaves before the end."""

import re
from pathlib import Path

import pytest

from components.remote.script import SCRIPTS

# Under pipefail the writer's SIGPIPE fails the pipeline: rarely, and on a loaded host only.
LEAVES_EARLY = re.compile(r"(?<!\|)\|(?!\|)\s*(head\b|grep (-\w*[qm]|.* -[qm]\b)|sed .*\bq\b)")


@pytest.mark.parametrize("path", sorted(SCRIPTS.rglob("*.sh")), ids=lambda path: str(path.relative_to(SCRIPTS)))
def test_every_pipe_is_read_to_its_end(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert not [line for line in lines if LEAVES_EARLY.search(line) and not line.lstrip().startswith("#")]
