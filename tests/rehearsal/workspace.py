"""A private workspace for the real engine: own backend, own passphrase, own copy of the stack file."""

import json
import os
import re
import runpy
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pulumi import automation

from components.remote.script import script
from tests.standins.providers import connections

from . import engine

connections.separate()

ROOT = Path(__file__).parents[2]


def program() -> None:
    """The very entry point that `pulumi up` runs, each time as in a process of its own."""
    script.cache_clear()
    runpy.run_path(str(ROOT / "__main__.py"))


def stack(home: Path, name: str, config: Mapping[str, Any], environment: Mapping[str, str]) -> automation.Stack:
    """A stack under `home`, which is made where it is missing.

    Args:
        home: folder for backend, passphrase, plugins and the copies of Pulumi.yaml and the stack file.
        config: what stands under `config:` in a stack file.
        environment: added to the engine's; the stand-in plugins are found by it.
    """
    work = home / "work"
    for folder in (work, home / "backend"):
        folder.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    _write_project(work)
    _write_stack_file(work / f"Pulumi.{name}.yaml", config)
    options = automation.LocalWorkspaceOptions(
        work_dir=str(work),
        pulumi_command=automation.PulumiCommand(str(engine.root())),
        pulumi_home=str(home / "home"),
        env_vars={
            "PULUMI_BACKEND_URL": f"file://{home / 'backend'}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(_passphrase(home)),
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
            **environment,
        },
    )
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["name"]
    return automation.create_or_select_stack(name, project_name=project, program=program, opts=options)


def mend(home: Path) -> None:
    """Make a state readable again whose engine was killed while it wrote.

    The state itself is replaced by a rename; the note on its kind beside it is not, and an empty one makes the engine
    say `failed to load checkpoint: EOF`.
    """
    for note in (home / "backend").rglob("*.json.attrs"):
        if not note.stat().st_size:
            note.unlink()


def stack_file(name: str) -> dict[str, Any]:
    """What stands under `config:` in the repository's stack file."""
    found = yaml.safe_load((ROOT / f"Pulumi.{name}.yaml").read_text()) or {}
    return dict(found.get("config") or {})


def set_in_stack_file(name: str, key: str, value: str) -> None:
    """Set a text of the repository's stack file, as `pulumi config set` does: all else in it stays as it is."""
    path = ROOT / f"Pulumi.{name}.yaml"
    line = f"  stalwart-cluster:{key}: {json.dumps(value)}\n"
    text, found = re.subn(rf"^  stalwart-cluster:{key}:.*\n", lambda _: line, path.read_text(), flags=re.MULTILINE)
    path.write_text(text if found else text.replace("config:\n", f"config:\n{line}", 1))


def _write_project(work: Path) -> None:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    # The program runs in this process; a virtual environment of the copy would be looked for beside it.
    project["runtime"] = "python"
    (work / "Pulumi.yaml").write_text(yaml.safe_dump(project))


def _write_stack_file(path: Path, config: Mapping[str, Any]) -> None:
    """Keep what the engine added to it: the salt of its secrets."""
    kept = yaml.safe_load(path.read_text()) if path.exists() else {}
    path.write_text(yaml.safe_dump({**kept, "config": dict(config)}))


def _passphrase(home: Path) -> Path:
    path = home / "passphrase"
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
    return path
