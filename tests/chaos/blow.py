"""Blows to a run: the engine killed when a step has done its work and nobody has written that down."""

import os
import signal
import threading
from typing import Any

from tests.rehearsal import engine
from tests.standins.providers.command import Run
from tests.standins.providers.kind import Call


class Blow:
    """Kills the engine after every step, one step a run, each step once."""

    def __init__(self) -> None:
        self.struck: list[str] = []
        self._lock = threading.Lock()

    def after(self, run: Run) -> Run:
        """How commands are run, followed by the blow."""

        def struck(call: Call, inputs: dict[str, Any], text: str) -> tuple[str, str]:
            began = engine.running()
            printed = run(call, inputs, text)
            name = call.urn.rsplit("::", 1)[1]
            with self._lock:
                # What a dead engine began goes on on the host; the engine of today has nothing to do with it.
                alive = set(began) & set(engine.running())
                if alive and name not in self.struck:
                    self.struck.append(name)
                    for process in alive:
                        os.kill(process, signal.SIGKILL)
            return printed

        return struck
