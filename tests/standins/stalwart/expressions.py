"""The expressions in settings, as many as the server comes with and as are written here; any other is an error."""

import re
from collections.abc import Callable, Mapping
from typing import Any

_TERM = re.compile(
    r"(?P<no>!)?(?P<function>is_local_domain|is_empty)\((?P<argument>\w+)\)"
    r"|(?P<name>\w+) (?P<sign>==|!=|>) (?:'(?P<text>[^']*)'|(?P<number>\d+))"
)

Facts = Mapping[str, Any]


def evaluate(expression: Mapping[str, Any], facts: Facts, is_local: Callable[[str], bool]) -> str:
    """What the first condition that holds leads to, else the last word. A variable is replaced by its value.

    Raises:
        ValueError: a condition that is not known here.
    """
    rules = sorted((expression.get("match") or {}).items(), key=lambda item: int(item[0]))
    result = next((rule["then"] for _, rule in rules if _holds(rule["if"], facts, is_local)), expression["else"])
    return str(facts.get(result, result)).strip("'")


def _holds(condition: str, facts: Facts, is_local: Callable[[str], bool]) -> bool:
    return all(_term(term.strip(), facts, is_local) for term in condition.split("&&"))


def _term(text: str, facts: Facts, is_local: Callable[[str], bool]) -> bool:
    found = _TERM.fullmatch(text)
    if found is None:
        raise ValueError(f"the stand-in does not know the condition {text}")
    if found["function"]:
        value = str(facts.get(found["argument"], ""))
        holds = is_local(value) if found["function"] == "is_local_domain" else not value
        return holds != bool(found["no"])
    here = facts.get(found["name"], "")
    wanted: Any = int(found["number"]) if found["number"] else found["text"]
    return bool(
        {"==": here == wanted, "!=": here != wanted, ">": found["sign"] == ">" and here > wanted}[found["sign"]]
    )
