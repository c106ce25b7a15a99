"""Programs that stay on a host: the libraries that a step was sent with, where a unit of systemd runs them."""

from pathlib import Path

from lib.front.files import put

PLACE = Path("/usr/local/lib/stalwart-cluster")
_MAIN = """\
\"\"\"Written by stalwart-cluster.\"\"\"

from lib.console import run
from {module} import main

run(main)
"""


def place(name: str, module: str) -> Path:
    """Copy all libraries at hand, so that `python3 -B FOLDER` runs `main` of a module; the folder.

    Files that are right are left alone.
    """
    here = Path(__file__).parents[1]
    folder = PLACE / name
    for path in sorted((here / "lib").rglob("*.py")):
        put(folder / path.relative_to(here), path.read_text())
    put(folder / "__main__.py", _MAIN.format(module=module))
    return folder
