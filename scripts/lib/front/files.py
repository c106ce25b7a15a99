"""Files written whole or not at all, and left alone when they are right."""

from pathlib import Path


def put(path: Path, text: str) -> bool:
    """Write a file that everybody may read; whether it had to be written."""
    if path.is_file() and path.read_text() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text)
    temporary.chmod(0o644)
    temporary.rename(path)
    return True
