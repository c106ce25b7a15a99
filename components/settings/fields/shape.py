"""What a domain type is made with: a refusal in a sentence of ours, the shape of a text, what stands once only."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError


def refusal(kind: str, text: str) -> PydanticCustomError:
    """A mistake with a sentence of ours, to be raised in a validator."""
    # A brace in a message would be taken for a placeholder of pydantic's template.
    return PydanticCustomError(kind, text.replace("{", "(").replace("}", ")"))


@dataclass(frozen=True)
class Written:
    """What people write for a value that is kept as something else; the reference manual tells it."""

    what: str


def shaped(pattern: str, rule: str) -> AfterValidator:
    """Refuses a text that does not match a pattern as a whole.

    Args:
        pattern: a regular expression.
        rule: what is right, with an example.
    """
    shape = re.compile(pattern)

    def check(value: str) -> str:
        if not shape.fullmatch(value):
            raise refusal("shape", f"{rule}; got {value[:60]!r}")
        return value

    return AfterValidator(check)


def repeated(values: Iterable[str]) -> list[str]:
    """What stands there more than once, in order."""
    return sorted(value for value, count in Counter(values).items() if count > 1)


def once(kind: str, form: Callable[[str], str | None]) -> BeforeValidator:
    """Refuses two spellings of one key of a map: told before they become one.

    Args:
        kind: what the keys are, in one word.
        form: the form that all spellings of one have in common; None for what is none.
    """

    def check(value: object) -> object:
        names = (form(name) or name for name in value if isinstance(name, str)) if isinstance(value, dict) else ()
        if twice := repeated(names):
            raise refusal(kind, f"{', '.join(twice)} stands there more than once, in other letters")
        return value

    return BeforeValidator(check)
