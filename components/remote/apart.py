"""Fewer edges in the engine's graph: what a value was read from, kept apart from the value."""

from typing import Any, TypeVar

import pulumi

T = TypeVar("T")


def apart(value: pulumi.Input[T]) -> pulumi.Input[T]:
    """The same value, known or not, secret or not, that depends on nothing.

    The engine keeps what each property was read from beside what its resource depends on, and asks it only how far a
    replacement spreads; it spreads to no step. When a removal is refused or fails, it walks along every path of both
    (3.259, `markAsDependency`): a second edge doubles the paths at its level, and there are ten levels of steps.
    """
    if not isinstance(value, pulumi.Output):
        return value
    future: Any = value.future(with_unknowns=True)
    return pulumi.Output(set(), future, value.is_known(), value.is_secret())


def source(value: pulumi.Input[Any]) -> list[pulumi.Output[Any]]:
    """What stands in `depends_on` for all that a value was read from."""
    return [value.apply(lambda _: None)] if isinstance(value, pulumi.Output) else []
