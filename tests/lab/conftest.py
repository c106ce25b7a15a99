"""Whole stacks on real hosts of this machine: real engine, SSH, systemd, dpkg; stand-in plugins and packages."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from tests.rehearsal import packages, workspace
from tests.standins.providers.command import Run, remote, run_local
from tests.standins.providers.plugins import attached

from .machines import remove_leftovers

ROOT = Path(__file__).parents[2]


class Lab:
    """One stack in a network of its own."""

    def __init__(self, home: Path, name: str, environment: dict[str, str], config: dict[str, Any]) -> None:
        self.home = home
        self.name = name
        self.config = {f"stalwart-cluster:{key}": value for key, value in config.items()}
        self._environment = environment
        self._key = home / "key"
        self._addresses: dict[str, str] = {}

    @property
    def stack(self) -> automation.Stack:
        """The stack, with the present values of its file."""
        return workspace.stack(self.home, self.name, self.config, self._environment)

    def up(self) -> automation.UpResult:
        """Bring it up, saying what happens."""
        return self.stack.up(on_output=print, color="never")

    def unlock(self) -> None:
        """After a run that was killed."""
        workspace.mend(self.home)
        self.stack.cancel()

    def destroy(self) -> None:
        """Remove it."""
        self.stack.destroy(on_output=print, color="never")

    def outputs(self) -> dict[str, Any]:
        """What the stack exports."""
        return {key: output.value for key, output in self.stack.outputs().items()}

    def address(self, node: str) -> str:
        """A node's address, which it keeps as long as it has its name; so the engine is asked once."""
        if node not in self._addresses:
            self._addresses[node] = str(self.outputs()["nodes"][node]["address"])
        return self._addresses[node]

    def ssh(self, node: str, command: str, given: str = "", seconds: float = 60) -> str:
        """What a command on a node prints that is given a text on its standard input."""
        if not self._key.exists():
            key = self.secret("privateKeyOpenssh", "lab-key", "hetzner-key")
            self._key.touch(mode=0o600)
            self._key.write_text(key)
        options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
        line = ["ssh", *options, "-o", "ConnectTimeout=5", "-i", str(self._key), f"root@{self.address(node)}", command]
        done = subprocess.run(line, input=given, capture_output=True, text=True, check=False, timeout=seconds)
        assert done.returncode == 0, f"{command!r} on {node} ended with {done.returncode}: {done.stderr}"
        return done.stdout

    def secret(self, output: str, *resources: str) -> str:
        """A secret in the state: an output of the resource that has one of these names."""
        held = (self.stack.export_stack().deployment or {})["resources"]
        found = next(item for item in held if item["urn"].rsplit("::", 1)[1] in resources)
        return str(json.loads(found["outputs"][output]["plaintext"]))

    def by_hand(self, *arguments: str) -> None:
        """tools/lab.sh: start, stop, kill, cut, mend."""
        environment = os.environ | {"STACK": self.name}
        subprocess.run([str(ROOT / "tools/lab.sh"), *arguments], check=True, env=environment, timeout=120)


class Labs:
    """Makes labs and removes them all at the end."""

    def __init__(self, place: Path, environment: dict[str, str]) -> None:
        self.place = place
        self._environment = environment
        self.made: list[Lab] = []

    def new(self, name: str, **config: Any) -> Lab:
        """A lab that is not up yet."""
        remove_leftovers(f"stalwart-cluster-{name}")
        self.made.append(Lab(self.place / name, name, self._environment, config))
        return self.made[-1]


@contextmanager
def rehearsed(place: Path, *, local: Run = run_local, over_ssh: Run = remote) -> Iterator[Labs]:
    """Labs of a rehearsal, and how their commands are run."""
    with ExitStack() as held:
        environment = held.enter_context(attached(local=local, over_ssh=over_ssh))
        patch = held.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("STALWART_CLUSTER_REHEARSAL", "1")
        patch.setenv("STALWART_CLUSTER_MIRROR", str(packages.mirror(place, "7.4.6", "0.16.27")))
        made = Labs(place, environment)
        yield made
        for lab in made.made:
            lab.destroy()


@pytest.fixture(scope="module")
def labs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Labs]:
    """Labs of a rehearsal."""
    with rehearsed(tmp_path_factory.mktemp("labs")) as made:
        yield made
