"""Files written whole or not at all, and left alone when they are right."""

from pathlib import Path

from lib import written

_MODE = 0o644


def put(path: Path, text: str) -> bool:
    """Write a file that everybody may read; whether it had to be written. A change by hand shows from then on."""
    if path.is_file() and path.read_text() == text:
        path.chmod(_MODE)
        written.note(path)
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text)
    temporary.chmod(_MODE)
    temporary.rename(path)
    written.note(path)
    return True
