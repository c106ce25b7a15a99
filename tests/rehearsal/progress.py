"""What a person sees while a rehearsal runs, and where the time went at its end."""

import json
import re
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pulumi.automation import EngineEvent

_MARKUP = re.compile(r"<\{%.*?%\}>|\x1b\[[0-9;]*m")
_QUIET = {"same", "read"}
_DONE = {"create": "done", "update": "changed", "delete": "removed", "replace": "replaced"}


@dataclass
class Step:
    """One resource's part of a run, in seconds since the run began."""

    name: str
    kind: str
    operation: str
    begin: float
    end: float | None = None


class Progress:
    """Takes the engine's events as they come."""

    def __init__(self, *, foreseen: bool = False) -> None:
        self._foreseen = foreseen
        self._start = time.monotonic()
        self.steps: dict[str, Step] = {}
        self.failed: list[str] = []
        self.told = False

    def __call__(self, event: EngineEvent) -> None:
        if told := event.diagnostic_event:
            if told.severity != "debug":
                self._say(_name(told.urn or ""), told.severity, told.message)
        elif begun := event.resource_pre_event:
            self._begin(begun.metadata)
        elif ended := event.res_outputs_event:
            self._end(ended.metadata)
        elif failed := event.res_op_failed_event:
            self.failed.append(_name(failed.metadata.urn))

    def seconds(self) -> float:
        """Since the run began."""
        return round(time.monotonic() - self._start, 2)

    def changes(self) -> dict[str, int]:
        """How many resources were made, changed, removed."""
        counted: dict[str, int] = {}
        for step in self.steps.values():
            counted[step.operation] = counted.get(step.operation, 0) + 1
        return counted

    def save(self, path: Path) -> None:
        """Keep the timeline for whoever wants to draw it."""
        steps = [asdict(step) for step in self.steps.values()]
        path.write_text(json.dumps({"seconds": self.seconds(), "steps": steps}, indent=1))

    def slowest(self, number: int = 10) -> list[Step]:
        """The longest steps."""
        ended = [step for step in self.steps.values() if step.end is not None and step.kind.endswith(":Command")]
        return sorted(ended, key=lambda step: step.begin - (step.end or 0))[:number]

    def _begin(self, metadata: Any) -> None:
        operation = str(metadata.op.value if hasattr(metadata.op, "value") else metadata.op)
        if operation in _QUIET:
            return
        self.steps[metadata.urn] = Step(_name(metadata.urn), metadata.type, operation, self.seconds())

    def _end(self, metadata: Any) -> None:
        step = self.steps.get(metadata.urn)
        if step is None or step.end is not None:
            return
        step.end = self.seconds()
        if self._foreseen:
            self._say(step.name, "foreseen", f"to {step.operation}")
        elif step.kind.endswith(":Command"):
            done = _DONE.get(step.operation, step.operation)
            self._say(step.name, "done", f"{done} in {step.end - step.begin:.1f} s")

    def _say(self, name: str, severity: str, text: str) -> None:
        plain = _MARKUP.sub("", text).strip()
        if not plain or "KeyboardInterrupt" in plain:
            return  # the engine interrupts a program that waits for a failed step; the step's own words are enough
        mark = {"error": "ERROR ", "warning": "WARNING "}.get(severity, "")
        self.told = True
        first, *rest = plain.splitlines()
        print(f"{self.seconds():7.1f}  {name:<24} {mark}{first}", flush=True)
        for line in rest:
            print(f"{'':34}{line}", flush=True)


def _name(urn: str) -> str:
    return urn.rsplit("::", 1)[-1] if "::" in urn else ""
