"""What the commands have in common that look at a stack and tell of it, to people or to programs."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from tools.status.exported import State


def asked(command: str, description: str | None) -> tuple[State, bool]:
    """The state on standard input, empty where there is no stack; and whether a program shall read the answer."""
    parser = argparse.ArgumentParser(prog=f"python -m {command}", description=description)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    as_json = parser.parse_args().format == "json"
    return exported(), as_json


def exported() -> State:
    """The state on standard input, empty where there is no stack."""
    try:
        found: dict[str, Any] = json.load(sys.stdin) or {}
    except ValueError:
        found = {}
    return found


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
