"""What a rule between keys is: it sees the keys that are sound by themselves, and tells what is wrong with them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from components.settings.mistakes import Mistake

Sound = Mapping[str, Any]
Rule = Callable[[Sound], Iterator[Mistake]]

# The keys that a rule needs, and the rule.
Rules = tuple[tuple[tuple[str, ...], Rule], ...]
