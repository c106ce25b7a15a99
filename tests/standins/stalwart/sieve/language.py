"""Sieve (RFC 5228) with fileinto and mailbox (RFC 5490): header and address tests, if, keep, discard, stop.

Whatever else a script says is refused when it is put.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import getaddresses

EXTENSIONS = ("fileinto", "mailbox")
_TOKEN = re.compile(
    r'\s+|\#[^\n]*|/\*.*?\*/|(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>:?[A-Za-z_]\w*)|(?P<sign>[\[\](){},;])', re.DOTALL
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)

Argument = str | list[str]


class Wrong(ValueError):  # noqa: N818  # reads as what it is
    """A script that is not taken."""


@dataclass(frozen=True)
class _Part:
    """A command or a test: its name, tags, arguments, and what belongs to it."""

    name: str
    tags: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = ()
    tests: tuple["_Part", ...] = ()
    block: tuple["_Part", ...] = ()


@dataclass
class Filing:
    """Where a mail goes."""

    folders: list[tuple[str, bool]] = field(default_factory=list)
    """Name, and whether it is made where it is not there."""
    keep: bool = True
    """In the inbox."""


def compiled(script: str) -> tuple[_Part, ...]:
    """A script that can be run.

    Raises:
        Wrong: it cannot, with the reason.
    """
    reader = _Reader(list(_tokens(script)))
    parts = tuple(reader.commands(""))
    _check(parts, {name for part in parts if part.name == "require" for name in _texts(part.arguments[0])})
    return parts


def filed(parts: tuple[_Part, ...], mail: EmailMessage) -> Filing:
    """What a script does with a mail."""
    filing = Filing()
    _run(parts, mail, filing)
    return filing


def _tokens(script: str) -> Iterator[str]:
    place = 0
    while place < len(script):
        found = _TOKEN.match(script, place)
        if found is None:
            raise Wrong(f"line {script.count(chr(10), 0, place) + 1}: unexpected {script[place]!r}")
        place = found.end()
        if token := found["text"] or found["word"] or found["sign"]:
            yield token


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._place = tokens, 0

    def commands(self, end: str) -> Iterator[_Part]:
        while self._next() != end:
            yield self._part(is_test=False)
        self._place += 1

    def _part(self, *, is_test: bool) -> _Part:
        name = self._take().lower()
        tags: list[str] = []
        arguments: list[Argument] = []
        tests: list[_Part] = []
        while (token := self._next()) and token not in set(";{},)"):
            if token == "(":
                self._take()
                tests.append(self._part(is_test=True))
                while self._take() == ",":
                    tests.append(self._part(is_test=True))
            elif token == "[":
                self._take()
                listed = [_unquoted(self._take())]
                while self._take() == ",":
                    listed.append(_unquoted(self._take()))
                arguments.append(listed)
            elif token.startswith(":"):
                tags.append(self._take().lower())
            elif token.startswith('"'):
                arguments.append(_unquoted(self._take()))
            else:
                tests.append(self._part(is_test=True))
        block: tuple[_Part, ...] = ()
        if not is_test:
            ends = self._take()
            if ends not in {";", "{"}:
                raise Wrong(f"after {name} there must be ; or a block")
            block = tuple(self.commands("}")) if ends == "{" else ()
        return _Part(name, tuple(tags), tuple(arguments), tuple(tests), block)

    def _next(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _take(self) -> str:
        if not (token := self._next()):
            raise Wrong("ends in the middle")
        self._place += 1
        return token


def _unquoted(token: str) -> str:
    if not token.startswith('"'):
        raise Wrong(f"{token} instead of a text")
    return _ESCAPED.sub(r"\1", token[1:-1])


# Name -> how many arguments, and which tags, for what is known here.
_KNOWN: dict[str, tuple[int, set[str]]] = {
    "require": (1, set()),
    "if": (0, set()),
    "elsif": (0, set()),
    "else": (0, set()),
    "keep": (0, set()),
    "discard": (0, set()),
    "stop": (0, set()),
    "fileinto": (1, {":create"}),
    "header": (2, {":contains", ":is"}),
    "address": (2, {":contains", ":is", ":all"}),
    "exists": (1, set()),
    "not": (0, set()),
    "allof": (0, set()),
    "anyof": (0, set()),
    "true": (0, set()),
    "false": (0, set()),
}


def _check(parts: tuple[_Part, ...], required: set[str]) -> None:
    if unknown := required - set(EXTENSIONS):
        raise Wrong(f"{min(unknown)} is not supported")
    for part in parts:
        if part.name not in _KNOWN:
            raise Wrong(f"{part.name} is not known")
        count, tags = _KNOWN[part.name]
        if len(part.arguments) != count or set(part.tags) - tags:
            raise Wrong(f"{part.name} does not go with what follows it")
        if part.name == "fileinto" and "fileinto" not in required:
            raise Wrong("fileinto is not required")
        if ":create" in part.tags and "mailbox" not in required:
            raise Wrong("mailbox is not required")
        if part.name in {"if", "elsif", "not"} and len(part.tests) != 1:
            raise Wrong(f"{part.name} needs one test")
        _check(part.tests, required)
        _check(part.block, required)


def _run(parts: tuple[_Part, ...], mail: EmailMessage, filing: Filing) -> bool:
    """Whether to go on."""
    taken = False
    for part in parts:
        match part.name:
            case "if" | "elsif" | "else":
                taken = taken and part.name != "if"
                if not taken and all(_holds(test, mail) for test in part.tests):
                    taken = True
                    if not _run(part.block, mail, filing):
                        return False
            case "fileinto":
                filing.folders.append((str(part.arguments[0]), ":create" in part.tags))
                filing.keep = False
            case "keep":
                filing.keep = True
            case "discard":
                filing.keep = False
            case "stop":
                return False
    return True


def _holds(test: _Part, mail: EmailMessage) -> bool:
    match test.name:
        case "true" | "false":
            return test.name == "true"
        case "not":
            return not _holds(test.tests[0], mail)
        case "allof" | "anyof":
            held = [_holds(inner, mail) for inner in test.tests]
            return all(held) if test.name == "allof" else any(held)
        case "exists":
            return all(name in mail for name in _texts(test.arguments[0]))
    values = [str(value) for name in _texts(test.arguments[0]) for value in mail.get_all(name, [])]
    if test.name == "address":
        values = [address for _, address in getaddresses(values)]
    wanted = [text.lower() for text in _texts(test.arguments[1])]
    if ":contains" in test.tags:
        return any(text in value.lower() for value in values for text in wanted)
    return any(value.strip().lower() in wanted for value in values)


def _texts(argument: Argument) -> list[str]:
    return argument if isinstance(argument, list) else [argument]
