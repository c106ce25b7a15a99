"""The `fdb` Python package as text that travels to a host, where there is no pip."""

import base64
import io
import zipfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

# Zip stores local times; a fixed one keeps the text the same on every machine, so that steps do not run again.
_EPOCH = (1980, 1, 1, 0, 0, 0)


@cache
def binding() -> str:
    """Base64 of a zip with the package `fdb` at its root, the same bytes for the same release.

    Raises:
        LookupError: the package `foundationdb` is not installed beside this program.
    """
    found = find_spec("fdb")
    if found is None or found.origin is None:
        message = "the Python package foundationdb is missing; run: uv sync"
        raise LookupError(message)
    folder = Path(found.origin).parent
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.glob("*.py")):
            archive.writestr(zipfile.ZipInfo(f"fdb/{path.name}", _EPOCH), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return base64.b64encode(packed.getvalue()).decode()
