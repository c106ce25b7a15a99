"""Accounts from a file beside the stack file: a table (CSV) with a line for each, or JSON. A mistake has its line."""

import csv
import io
import json
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from components.settings.account import AccountSettings
from components.settings.fields.mail import mail_address
from components.settings.mistakes import Mistake, of_validation, spell

KEY = "accounts_file"
_ADDRESS = "address"
_COLUMNS = (_ADDRESS, *AccountSettings.model_fields)
_LISTS = frozenset({"aliases", "groups"})
_OTHERS_READ = stat.S_IRWXG | stat.S_IRWXO

Row = Mapping[str, Any]


@dataclass
class Imported:
    """What a file holds that is sound, where it stands, and what is wrong."""

    accounts: dict[str, AccountSettings] = field(default_factory=dict)
    places: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Address -> key and line."""

    mistakes: list[Mistake] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    """Names of columns that are none: each is one mistake, at the first line that has something in it."""


def read(name: str) -> Imported:
    """Read a file; its path is meant from the folder of the stack file, where the program runs."""
    found = Imported()
    path = Path(name)
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = list(_rows(path, text))
    except (OSError, UnicodeError, ValueError, csv.Error) as error:
        found.mistakes.append(Mistake(KEY, f"{name} cannot be read: {_why(error)}", "a CSV or JSON file, in UTF-8"))
        return found
    for line, row in rows:
        _take(found, line, row)
    if any(account.password_hash for account in found.accounts.values()) and path.stat().st_mode & _OTHERS_READ:
        text = f"{name} holds hashes of passwords, and others on this machine may read it"
        found.mistakes.append(Mistake(KEY, text, f"chmod 600 {name}"))
    return found


def _rows(path: Path, text: str) -> Iterator[tuple[int, Row]]:
    """Line, or number in the list, and what stands there."""
    if path.suffix == ".json":
        document = json.loads(text)
        if not isinstance(document, list) or not all(isinstance(item, dict) for item in document):
            raise ValueError("a list of accounts is wanted, each with its address")
        yield from enumerate(document, start=1)
        return
    reader = csv.DictReader(io.StringIO(text), strict=True)
    names = [name.strip() for name in reader.fieldnames or ()]
    if names and _ADDRESS not in names:
        raise ValueError(f"a column {_ADDRESS} is wanted, and its first line has {', '.join(names)[:60]}")
    for row in reader:
        # What a line has beyond the columns stands under None.
        yield (
            reader.line_num,
            {(key or "").strip(): _cell((key or "").strip(), cell) for key, cell in row.items() if cell},
        )


def _cell(column: str, text: str | list[str]) -> Any:  # noqa: ANN401  # text, or several
    if column in _LISTS and isinstance(text, str):
        return text.replace(";", " ").split()
    return text.strip() if isinstance(text, str) else text


def _take(found: Imported, line: int, row: Row) -> None:
    key = spell((KEY, line))
    for column in row:
        if column not in _COLUMNS and column not in found.unknown:
            found.unknown |= {column} - {""}
            near = get_close_matches(column, _COLUMNS, n=1, cutoff=0.6)
            remedy = f"did you mean {near[0]}?" if near else f"known: {', '.join(_COLUMNS)}"
            found.mistakes.append(Mistake(key, f"{column or 'a cell beyond the last column'} is no column", remedy))
    given = str(row.get(_ADDRESS) or "")
    address = mail_address(given)
    if address is None:
        remedy = "each has an address, e.g. anna@example.org"
        found.mistakes.append(Mistake(f"{key}.{_ADDRESS}", f"is no address: {given[:60]!r}", remedy))
    elif address in found.places:
        found.mistakes.append(Mistake(f"{key}.{_ADDRESS}", f"{address} is {spell(found.places[address])} already"))
    section = {column: value for column, value in row.items() if column in AccountSettings.model_fields}
    try:
        account = AccountSettings.model_validate(section)
    except ValidationError as error:
        for mistake in of_validation("accounts", error, secret=False):
            place = f"{key}{mistake.key.removeprefix('accounts')}"
            found.mistakes.append(Mistake(place, mistake.problem, mistake.remedy))
    else:
        if address:
            found.accounts.setdefault(address, account)
    if address:
        found.places.setdefault(address, (KEY, line))


def _why(error: Exception) -> str:
    return error.strerror or "" if isinstance(error, OSError) else str(error)
