"""A mistake in a stack file: which key, which rule, what to do; and how pydantic's errors become one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from components.settings.model import Settings

_SHOWN = 60

# Where secrets stand inside of sections, or by mistake: never repeated, kept as secrets by the stack file or not.
_SECRET_PARTS = frozenset({"password_hash", "encrypt"})

# What pydantic says of a wrong type or value, in words for people; anything else keeps pydantic's own sentence.
_SENTENCES = {
    "missing": "is missing",
    "dict_type": "must be a map of keys and values",
    "model_type": "must be a map of keys and values",
    "too_short": "must not be empty",
    "tuple_type": "must be a list",
    "frozen_set_type": "must be a list",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "string_type": "must be text",
    "ip_v4_address": "must be an IPv4 address, e.g. 10.0.0.11",
    "ip_v4_network": "must be an IPv4 network, e.g. 10.77.0.0/24",
}


@dataclass(frozen=True, order=True)
class Mistake:
    """One thing to mend. `key` is spelled as `pulumi config set --path` takes it, without the project."""

    key: str
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.key}: {self.problem}" + (f" ({self.remedy})" if self.remedy else "")


def spell(location: tuple[str | int, ...]) -> str:
    """`("domains", 0)` -> `domains[0]`; a key with a dot is quoted, as Pulumi does it."""
    spelled = ""
    for step in location:
        if isinstance(step, int):
            spelled += f"[{step}]"
        elif "." in step or "[" in step:
            spelled += f'["{step}"]'
        else:
            spelled += f".{step}" if spelled else step
    return spelled


def of_validation(key: str, error: ValidationError, *, secret: bool) -> Iterator[Mistake]:
    """The mistakes pydantic found below `key`. Values of secret keys are never repeated."""
    for detail in error.errors(include_url=False):
        # A bad key of a map is reported at (..., name, "[key]"): the name is enough.
        location = (key, *(step for step in detail["loc"] if step != "[key]"))
        if detail["type"] == "too_short" and detail["input"]:
            continue  # pydantic counts only the sound elements; the others have their own mistakes
        if detail["type"] == "extra_forbidden":
            yield unknown(location)
        else:
            hidden = secret or not _SECRET_PARTS.isdisjoint(location)
            yield Mistake(spell(location), _sentence(detail, secret=hidden), _remedy(location, detail["type"]))


def unknown(location: tuple[str | int, ...]) -> Mistake:
    """An unknown key, with the nearest known one of the same section."""
    fields = _fields(location[:-1])
    near = get_close_matches(str(location[-1]), fields, n=1, cutoff=0.6)
    remedy = f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(fields))}"
    return Mistake(spell(location), "is not a setting", remedy)


def _sentence(detail: ErrorDetails, *, secret: bool) -> str:
    sentence = _SENTENCES.get(detail["type"], detail["msg"])
    given = detail["input"]
    shown = isinstance(given, str | int | float | bool) and detail["type"] != "missing" and "got " not in sentence
    return f"{sentence}; got {str(given)[:_SHOWN]!r}" if shown and not secret else sentence


def _remedy(location: tuple[str | int, ...], kind: str) -> str:
    field = _section(location[:-1]).get(str(location[-1])) if kind == "missing" else None
    return field.description or "" if field else ""


def _fields(location: tuple[str | int, ...]) -> list[str]:
    return list(_section(location))


def _section(location: tuple[str | int, ...]) -> Mapping[str, Any]:
    """The fields of the model that stands at a location; empty where no model stands there."""
    here: Any = Settings
    for step in location:
        here = _at(here, step)
    here = _plain(here)
    return here.model_fields if isinstance(here, type) and issubclass(here, BaseModel) else {}


def _at(annotation: Any, step: str | int) -> Any:  # noqa: ANN401  # a typing annotation of any shape
    """The type of a field of a model, or of a value of a map; None elsewhere."""
    here = _plain(annotation)
    if isinstance(here, type) and issubclass(here, BaseModel):
        field = here.model_fields.get(str(step))
        return field.annotation if field else None
    return get_args(here)[1] if get_origin(here) is dict else None


def _plain(annotation: Any) -> Any:  # noqa: ANN401  # a typing annotation of any shape
    """`Bastion | None` -> Bastion, `Annotated[T, ...]` -> T; anything else stays itself."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if isinstance(annotation, UnionType):
        return _plain(next(inner for inner in get_args(annotation) if inner is not type(None)))
    return annotation
