"""What a domain type is made with: a refusal in a sentence of ours, and the shape of a text."""

import re

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError


def refusal(kind: str, text: str) -> PydanticCustomError:
    """A mistake with a sentence of ours, to be raised in a validator."""
    # A brace in a message would be taken for a placeholder of pydantic's template.
    return PydanticCustomError(kind, text.replace("{", "(").replace("}", ")"))


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
