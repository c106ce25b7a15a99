"""The `fdb` binding on a host without pip: a zip that came with the step, beside the client library of the package."""

import base64
import sys
import tempfile
from pathlib import Path
from typing import Any

API_VERSION = 740


class Unusable(Exception):  # noqa: N818  # reads as what it is
    """The binding cannot be loaded here; the message says why."""


def load(packed: str) -> Any:  # noqa: ANN401  # a module without type information
    """The module `fdb`, ready for API version 740.

    Args:
        packed: base64 of a zip with the package at its root.

    Raises:
        Unusable: no client library, or one that does not know this API version.
    """
    if not packed:
        raise Unusable("the step came without the binding")
    place = Path(tempfile.mkdtemp(prefix="fdb-")) / "fdb.zip"
    place.write_bytes(base64.b64decode(packed))
    sys.path.insert(0, str(place))
    try:
        import fdb  # noqa: PLC0415  # only here does it lie on the path

        fdb.api_version(API_VERSION)
    except Exception as error:  # noqa: BLE001  # the binding raises the bare class where it finds no library
        raise Unusable(str(error)) from None
    finally:
        place.unlink()
        place.parent.rmdir()
    return fdb
