"""What a host keeps, so that a step carries its values and names the rest.

The engine holds what a step is given twice, encrypted where any of it is secret, and writes all steps again after each:
with the scripts in it, what it writes and what it holds in memory grow with the square of the nodes.
"""

import hashlib
import os
import tempfile
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

import pulumi

from components.remote import script as scripts
from components.remote.script import Script, script

ON_HOSTS = "/var/lib/stalwart-cluster/scripts"
HERE = "~/.cache/stalwart-cluster/scripts"
"""On this machine: from here the hosts get theirs, and steps that run here read it."""

_CHECK = "lib/kept.sh"
_ELSEWHERE = {"lib", "local", "lab", "verify", "status"}
_DAY_SECONDS = 24 * 3600
_KEPT_SECONDS = 30 * _DAY_SECONDS


def on_hosts() -> list[Script]:
    """The scripts that steps on hosts run."""
    every = scripts.SCRIPTS.rglob("*")
    paths = (path.relative_to(scripts.SCRIPTS) for path in every if path.suffix in {".sh", ".py"})
    return [script(str(path)) for path in sorted(paths) if path.parts[0] not in _ELSEWHERE]


def seal(text: str) -> str:
    """The name of a text: sixteen hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def on_host(code: Script, values: Mapping[str, str], texts: Collection[str] = ()) -> str:
    """The payload of a script whose body its host keeps.

    Args:
        values: the variables that the script is given.
        texts: those of them whose values are names of texts that the host keeps as well.
    """
    lines = [
        script(_CHECK).text,
        f"program=$(kept {keep(code.body(alone=True))} scripts/{code.path}) || exit 1",
        *(f'{key}=$(kept "${key}" {key}) && {key}=$(<"${key}") || exit 1' for key in sorted(texts)),
        'source "$program"',
    ]
    return code.given(values, "\n".join(lines))


def here(code: Script, values: Mapping[str, str]) -> str:
    """The payload of a script whose body is kept on this machine, where it runs."""
    return code.given(values, f"source {HERE}/{keep(code.body(alone=False))}")


def keep(text: str) -> str:
    """Keep a text on this machine; its name.

    Raises:
        RunError: it cannot be written.
    """
    name, folder = seal(text), Path(HERE).expanduser()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_there(folder / name, text):
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".", delete=False) as file:
                file.write(text.encode())
            Path(file.name).replace(folder / name)
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror}; it holds what is sent to the hosts"
        raise pulumi.RunError(message) from None
    return name


def forget() -> None:
    """Remove from this machine what no run has kept for a month."""
    for path in Path(HERE).expanduser().glob("*"):
        with suppress(OSError):  # another run may do the same
            if path.stat().st_mtime < time.time() - _KEPT_SECONDS:
                path.unlink()


def _is_there(path: Path, text: str) -> bool:
    """Whether it lies there already. It is marked as still kept once a day: tar fails over what changes meanwhile."""
    if not path.is_file() or path.read_bytes() != text.encode():
        return False
    if path.stat().st_mtime < time.time() - _DAY_SECONDS:
        os.utime(path)
    return True
