"""The real engine on a private backend; commands are written down instead of run."""

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from components.remote import script
from tests.answers import printed, script_of
from tests.rehearsal import workspace
from tests.standins.providers.hcloud.cloud import Cloud
from tests.standins.providers.kind import Call, Failure
from tests.standins.providers.plugins import attached

LAB: dict[str, Any] = {
    "stalwart-cluster:platform": "lab",
    "stalwart-cluster:nodes": {"mx1": {}, "mx2": {}, "mx3": {}},
    "stalwart-cluster:domains": {"dev.test": {}},
}


class Hosts:
    """What the steps would have run on: answers as if all went well, unless told otherwise."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, str]] = []
        self.given: dict[str, str] = {}
        self.failing: set[str] = set()
        self.printing: dict[str, Callable[[Mapping[str, str]], str]] = {}
        self.held: dict[str, threading.Event] = {}
        self.reached = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, call: Call, inputs: dict[str, Any], text: str) -> tuple[str, str]:
        name = call.urn.rsplit("::", 1)[1]
        with self._lock:
            self.ran.append((name, text))
            self.given[name] = str(inputs.get("stdin") or "")
        if name in self.held:
            self.reached.set()
            self.held[name].wait(60)
        if name in self.failing:
            raise Failure(f'Process exited with status 1: running "{text}":\nmx: error: told to fail')
        if say := self.printing.get(script_of(text)):
            return say(script.values_of(self.given[name])), ""
        return printed(text), ""

    def names(self) -> list[str]:
        """The steps that ran since the last look, in their order."""
        with self._lock:
            found = [name for name, _ in self.ran]
            self.ran.clear()
        return found

    def scripts(self) -> set[str]:
        """The scripts that ran."""
        return {script_of(text) for _, text in self.ran}


@pytest.fixture
def hosts() -> Hosts:
    """Fresh hosts."""
    return Hosts()


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the scripts that a test may change."""
    copy = tmp_path / "scripts"
    shutil.copytree(script.SCRIPTS, copy)
    monkeypatch.setattr(script, "SCRIPTS", copy)
    return copy


Stack = Callable[..., automation.Stack]


@pytest.fixture
def cloud() -> Cloud:
    """An empty project at Hetzner, with a zone."""
    project = Cloud()
    project.add_zone("example.org")
    return project


@pytest.fixture
def stack(tmp_path: Path, hosts: Hosts, cloud: Cloud) -> Iterator[Stack]:
    """Make or open the stack, with some values of its file changed."""
    with attached(local=hosts, over_ssh=hosts, cloud=cloud) as environment:

        def made(**changed: Any) -> automation.Stack:
            config = LAB | {f"stalwart-cluster:{key}": value for key, value in changed.items()}
            return workspace.stack(tmp_path / "home", "dev", config, environment)

        yield made
