"""The section of a domain's signing keys (DKIM)."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from components.settings.fields.shape import refusal, repeated
from components.settings.section import Section

SERVER = "server"
"""Stands among the keys for those that the mail server makes."""

_NUMBERS = range(1, 1000)


def _key(value: object) -> object:
    """`1` and `"1"` are the same key: the command line knows no numbers."""
    text = str(value)
    if text != SERVER and not (text.isdecimal() and text == str(int(text)) and int(text) in _NUMBERS):
        raise refusal("dkim_key", f"a key is a number from 1 to 999, or {SERVER}; got {text[:60]!r}")
    return text


def _once(value: tuple[str, ...]) -> tuple[str, ...]:
    if twice := repeated(value):
        raise refusal("dkim_keys", f"{', '.join(twice)} stands there more than once")
    return value


Key = Annotated[str, BeforeValidator(_key)]


class DkimSettings(Section):
    """The keys that a domain's mail is signed with."""

    keys: Annotated[tuple[Key, ...], Field(min_length=1), AfterValidator(_once)] = Field(
        default=("1",),
        description="Keys by number, made by the program: the first one signs, all are published. `server` stands for"
        " those that the mail server makes. To change: put the new one in front, and take the old one out a week on.",
    )
    keep_days: Annotated[int, Field(ge=1, le=90)] = Field(
        default=7,
        description="Days that a key which does not sign any more stays published, so that mail on its way and in"
        " mailboxes can still be checked.",
    )
