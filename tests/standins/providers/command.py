"""command:local:Command and command:remote:Command: run a text at create, update and delete.

An update runs `update`, else `create`. A change of `triggers` replaces. A failure says how the process ended, which
text it ran and all that it printed. Any secret input makes the outputs secret. Update and delete find what the last run
printed in their environment, unless `addPreviousOutputInEnv` says no; over SSH they do not, because sshd refuses the
variables: the plugin warns and goes on. Source: pulumi-command 1.2.1.
"""

import os
import secrets
import subprocess
import threading
from collections.abc import Callable
from typing import IO, Any

from .kind import Call, Failure
from .ssh import run_remote
from .values import Values, has_secret, plain, secret, unknown

_OUTPUTS = ("stdout", "stderr")
_PREVIOUS = {"stdout": "PULUMI_COMMAND_STDOUT", "stderr": "PULUMI_COMMAND_STDERR"}
_CONNECTION_DEFAULTS = {"user": "root", "port": 22, "dialErrorLimit": 10, "perDialTimeout": 15}

Run = Callable[[Call, Values, str], tuple[str, str]]


class Command:
    """Either kind; they differ in where the text runs."""

    replaced_by = frozenset({"triggers"})

    def __init__(self, run: Run) -> None:
        self._run = run

    def check(self, inputs: Values) -> Values:
        """Defaults of a connection, as the plugin fills them in."""
        connection = inputs.get("connection")
        if isinstance(connection, dict) and "host" in connection:
            return {**inputs, "connection": {**_CONNECTION_DEFAULTS, **connection}}
        return inputs

    def create(self, call: Call, inputs: Values) -> tuple[str, Values]:
        name = call.urn.rsplit("::", 1)[1]
        return name + secrets.token_hex(4), self._ran(call, inputs, plain(inputs.get("create")), {})

    def update(self, call: Call, inputs: Values, state: Values) -> Values:
        return self._ran(call, inputs, plain(inputs.get("update") or inputs.get("create")), state)

    def delete(self, call: Call, state: Values) -> None:
        if text := plain(state.get("delete")):
            self._run(call, _given(state, state), text)

    def foresee(self, inputs: Values, state: Values) -> Values:
        return {**inputs, **dict.fromkeys(_OUTPUTS, _tainted(inputs, unknown()))}

    def _ran(self, call: Call, inputs: Values, text: str | None, state: Values) -> Values:
        if text is None:
            return {**inputs, **{key: state.get(key, "") for key in _OUTPUTS}}
        printed = self._run(call, _given(inputs, state), text)
        return {**inputs, **{key: _tainted(inputs, part) for key, part in zip(_OUTPUTS, printed, strict=True)}}


def _given(inputs: Values, state: Values) -> Values:
    """The inputs without marks, with what the last run printed in their environment. What is empty is not given."""
    bare, before = plain(inputs), plain(state)
    if bare.get("addPreviousOutputInEnv") is False:
        return dict(bare)
    printed = {name: before[key] for key, name in _PREVIOUS.items() if before.get(key)}
    return {**bare, "environment": {**bare.get("environment", {}), **printed}}


def _tainted(inputs: Values, value: str) -> Any:
    return secret(value) if has_secret(inputs) else value


def run_local(call: Call, inputs: Values, text: str) -> tuple[str, str]:
    """Run a text by /bin/sh on this machine; what it printed."""
    line = [*inputs.get("interpreter", ["/bin/sh", "-c"]), text]
    pipe = subprocess.PIPE
    env = {**os.environ, **inputs.get("environment", {})}
    with subprocess.Popen(
        line, stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True, env=env
    ) as process:
        whole = Printed(call, inputs)
        readers = [_follow(process.stdout, whole.out), _follow(process.stderr, whole.err)]
        watcher = threading.Thread(target=_end_when_told, args=(process, call.stop), daemon=True)
        watcher.start()
        try:
            assert process.stdin is not None
            process.stdin.write(str(inputs.get("stdin") or ""))
            process.stdin.close()
        except BrokenPipeError:
            pass  # it ended without reading; its status tells
        code = process.wait()
        for reader in readers:
            reader.join()
    if code:
        ended = f"signal: {-code}" if code < 0 else f"exit status {code}"
        raise Failure(f"{ended}: running {_quoted(text)}:\n{whole.both()}")
    return whole.result()


def remote(call: Call, inputs: Values, text: str) -> tuple[str, str]:
    """Run a text over SSH; what it printed."""
    whole = Printed(call, inputs)
    ended = run_remote(call, inputs["connection"], text, str(inputs.get("stdin") or ""), whole.out, whole.err)
    if ended is not None:
        raise Failure(f"{ended}: running {_quoted(text)}:\n{whole.both()}")
    return whole.result()


class Printed:
    """What a process prints: kept, and shown while it runs as far as `logging` wants it."""

    def __init__(self, call: Call, inputs: Values) -> None:
        self._call = call
        shown = inputs.get("logging") or "stdoutAndStderr"
        self._shown = {"stdout": "stdout" in shown.lower(), "stderr": "stderr" in shown.lower()}
        self._kept: dict[str, list[str]] = {"stdout": [], "stderr": []}
        self._order: list[str] = []
        self._lock = threading.Lock()

    def out(self, line: str) -> None:
        self._take("stdout", line)

    def err(self, line: str) -> None:
        self._take("stderr", line)

    def both(self) -> str:
        return "".join(self._order)

    def result(self) -> tuple[str, str]:
        """Without the newline at the end."""
        out, err = ("".join(self._kept[key]).removesuffix("\n") for key in ("stdout", "stderr"))
        return out, err

    def _take(self, where: str, line: str) -> None:
        with self._lock:
            self._kept[where].append(line)
            self._order.append(line)
        if self._shown[where]:
            self._call.log(line.rstrip("\n"))


def _follow(stream: IO[str] | None, take: Callable[[str], None]) -> threading.Thread:
    def read() -> None:
        for line in stream or ():
            take(line)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def _end_when_told(process: "subprocess.Popen[str]", stop: threading.Event) -> None:
    while process.poll() is None:
        if stop.wait(0.2):
            process.kill()
            return


def _quoted(text: str) -> str:
    """As Go's %q has it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
