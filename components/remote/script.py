"""A script under scripts/ as a value: its text, the inputs it asks for, its digest, the payload that runs it."""

import hashlib
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "scripts"
ALONE = "lib/alone.sh"

_REQUIRED_BY_BASH = re.compile(r'^: "\$\{(\w+):?\?', re.MULTILINE)
_REQUIRED_BY_PYTHON = re.compile(r'\b(?:environ\[|given\()"(\w+)"[\])]')
_SOURCED = re.compile(r"^source (lib/\S+\.sh)$", re.MULTILINE)
_EXPORT = re.compile(r"export (\w+)=((?:'[^']*+'|\"'\"|[\w@%+=:,./-]++)*+)\n", re.ASCII)
# The kernel takes 128 KiB for one variable of an environment (MAX_ARG_STRLEN).
_MOST_EXPORTED_BYTES = 100_000
# Not by `ast`: in Python 3.11 two threads that parse at once fail each other, and the engine's program runs in one.
_IMPORTED = re.compile(r"^[ \t]*from (lib(?:\.\w+)*) import (?:\(([^)]*)\)|([^\n(]+))", re.MULTILINE)
_NAME = re.compile(r"#.*|(\w+)(?:[ \t]+as[ \t]+\w+)?")
_PROGRAM = re.compile(r"\bin_python (lib/\S+\.py)\b")


class ScriptError(ValueError):
    """A script was called without what its header asks for, or names a library that is not there."""


@cache
def script(path: str) -> "Script":
    """The script at a path below scripts/, read once for all the steps of a run."""
    return Script(path)


@dataclass(frozen=True)
class Script:
    """One file under scripts/, bash or Python by its suffix, with the libraries it names.

    It reaches a host as one payload on the standard input of `bash -s`, so nothing has to be
    copied first and no value ever stands in a command line.
    """

    path: str

    @cached_property
    def text(self) -> str:
        """The file; in bash with its `source lib/...` lines replaced by those files."""
        return _SOURCED.sub(lambda found: _read(found[1]), _read(self.path))

    @cached_property
    def programs(self) -> tuple[str, ...]:
        """The Python programs that a bash script runs with `in_python`, by their paths under scripts/."""
        return () if self.is_python else tuple(sorted({*_PROGRAM.findall(self.text)}))

    @cached_property
    def modules(self) -> Mapping[str, str]:
        """The Python that travels along: what the script imports or runs, and what that imports: path -> text."""
        found = {path: _read(path) for path in self.programs}
        pending = [self.text] if self.is_python else [*found.values()]
        while pending:
            for path in _imported(pending.pop()):
                if path not in found:
                    found[path] = _read(path)
                    pending.append(found[path])
        return found

    @property
    def is_python(self) -> bool:
        return self.path.endswith(".py")

    @cached_property
    def digest(self) -> str:
        """Twelve hexadecimal digits that change with the script or a library of it."""
        whole = "\0".join([self.text, *(f"{path}\0{text}" for path, text in sorted(self.modules.items()))])
        return hashlib.sha256(whole.encode()).hexdigest()[:12]

    @cached_property
    def required(self) -> frozenset[str]:
        """The variables the script's header demands."""
        pattern = _REQUIRED_BY_PYTHON if self.is_python else _REQUIRED_BY_BASH
        return frozenset(pattern.findall(self.text))

    def check(self, names: Iterable[str]) -> None:
        """Refuse a call that lacks an input.

        Raises:
            ScriptError: names every missing variable.
        """
        if missing := self.required - set(names):
            message = f"scripts/{self.path} needs {', '.join(sorted(missing))}"
            raise ScriptError(message)

    def payload(self, values: Mapping[str, str], *, alone: bool = False) -> str:
        """What `bash -s` reads: exports, then the script, in one brace group.

        Args:
            values: the variables that the script is given.
            alone: whether another run of the same script on the same host is waited for.
        """
        return self.given(values, self.body(alone=alone))

    def body(self, *, alone: bool) -> str:
        """All of a payload that is the same whatever the values are."""
        lock = f"{_read(ALONE)}\nalone {self.path.replace('/', '.')}\n" if alone else ""
        if self.is_python:
            # A signal reaches Python too: an interrupted step ends instead of running on unseen.
            return f'{lock}{self._laid_out({"main.py": self.text})}\npython3 -B "$there/main.py" "$@"'
        if self.modules:
            run = 'in_python() { PYTHONPATH=$there python3 -B "$there/$1" "${@:2}"; }'
            return f"{lock}{self._laid_out({})}\n{run}\n{self.text}"
        return lock + self.text

    def given(self, values: Mapping[str, str], body: str) -> str:
        """A payload of some values and what is done with them.

        Bash reads a group whole before it runs it, and what it runs finds an empty standard input;
        without the group the first child that reads stdin eats the rest of the script.

        A value that is too long for an environment stays a variable of bash; Python gets it through a pipe, where
        `lib.given` reads it.
        """
        exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(values.items()))
        long = sorted(
            name for name, value in values.items() if len(value.encode(errors="replace")) > _MOST_EXPORTED_BYTES
        )
        exports += "".join(f"export -n {name}\n" for name in long)
        if self.is_python:
            exports += "".join(
                f'exec {{pipe}}< <(printf %s "${name}")\nexport {name}_PIPE=/dev/fd/$pipe\n' for name in long
            )
        return f"{{\n{exports}{body}\n}} </dev/null\n"

    def _laid_out(self, beside: Mapping[str, str]) -> str:
        """Bash that lays the modules out in a private folder, which goes when the script ends."""
        lines = ["there=$(mktemp -d)", "trap 'rm -rf \"$there\"' EXIT"]
        folders = sorted({str(Path(path).parent) for path in self.modules})
        lines += [f'mkdir -p "$there/{folder}"' for folder in folders]
        for path, text in {**beside, **self.modules}.items():
            end = f"END_{self.digest}"
            lines.append(f"cat >\"$there/{path}\" <<'{end}'\n{text}\n{end}")
        return "\n".join(lines)


def values_of(payload: str) -> dict[str, str]:
    """The variables in a payload, as `Script.payload` was given them; none where the text is not one."""
    found: dict[str, str] = {}
    begin = len("{\n")
    while payload.startswith("{\n") and (export := _EXPORT.match(payload, begin)):
        found[export[1]] = _unquoted(export[2])
        begin = export.end()
    return found


def _unquoted(word: str) -> str:
    """The inverse of shlex.quote, in a hundredth of the time that shlex.split takes."""
    return word[1:-1].replace("'\"'\"'", "'") if word.startswith("'") else word


def _imported(text: str) -> Iterator[str]:
    """Paths of the libraries that `from lib.a import b` names: lib/a.py, else lib/a/b.py."""
    for module, several, one in _IMPORTED.findall(text):
        place = module.replace(".", "/")
        if (SCRIPTS / f"{place}.py").is_file():
            yield f"{place}.py"
        else:
            yield from (f"{place}/{name}.py" for name in _NAME.findall(several or one) if name)


def _read(path: str) -> str:
    try:
        return (SCRIPTS / path).read_text()
    except OSError as error:
        message = f"scripts/{path} cannot be read: {error.strerror}"
        raise ScriptError(message) from error
