"""Releases and what they are known by."""

import re
from typing import Annotated

from pydantic import AfterValidator

from components.settings.fields.shape import refusal, shaped

_RELEASE = re.compile(r"\d{1,4}\.\d{1,4}\.\d{1,4}")


def release_numbers(value: str) -> tuple[int, ...]:
    """The numbers of a release: `7.4.6` -> (7, 4, 6)."""
    if not _RELEASE.fullmatch(value):
        raise refusal("release", f"a release is three numbers, e.g. 7.4.6; got {value[:60]!r}")
    return tuple(int(part) for part in value.split("."))


def _release(value: str) -> str:
    release_numbers(value)
    return value


Release = Annotated[str, AfterValidator(_release)]
Digest = Annotated[str, shaped(r"[0-9a-f]{64}", "a SHA-256 digest is 64 hexadecimal digits in lower case")]
