"""Sizes: whole numbers of MiB or GiB."""

import re
from typing import Annotated

from pydantic import BeforeValidator

from components.settings.fields.shape import Written, refusal

_SIZE = re.compile(r"(\d{1,6})\s*(MiB|GiB)")
# Hetzner's limits of a volume.
_VOLUME_GIB = range(10, 10241)


def _found(value: object) -> re.Match[str] | None:
    return _SIZE.fullmatch(value) if isinstance(value, str) else None


def _in_mebibytes(size: re.Match[str]) -> int:
    return int(size[1]) * (1024 if size[2] == "GiB" else 1)


def _mebibytes(value: object) -> object:
    if value == "auto":
        return None
    found = _found(value)
    if not found:
        raise refusal("size", f"a size is a whole number of MiB or GiB, e.g. 4GiB, or auto; got {str(value)[:60]!r}")
    return _in_mebibytes(found)


def _room(value: object) -> object:
    if value is None or value == "none":
        return None
    found = _found(value)
    if not found or not int(found[1]):
        raise refusal(
            "size",
            f"room is a whole number of MiB or GiB and at least 1MiB, e.g. 5GiB, or none; got {str(value)[:60]!r}",
        )
    return _in_mebibytes(found)


def _gibibytes(value: object) -> object:
    if value is None or value == "none":
        return None
    found = _found(value)
    if not found or found[2] != "GiB" or int(found[1]) not in _VOLUME_GIB:
        raise refusal("size", f"a volume has 10GiB to 10240GiB, or none; got {str(value)[:60]!r}")
    return int(found[1])


_SIZE_WRITTEN = Written("size")

Mebibytes = Annotated[int | None, BeforeValidator(_mebibytes), _SIZE_WRITTEN]
Room = Annotated[int | None, BeforeValidator(_room), _SIZE_WRITTEN]
Gibibytes = Annotated[int | None, BeforeValidator(_gibibytes), _SIZE_WRITTEN]
