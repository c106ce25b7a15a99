"""python -m tests.rehearsal up|mend|preview|destroy|output: a stack file of this repository, rehearsed."""

import argparse
import json
import os
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pulumi import automation

from components.settings import Settings, SettingsError, check
from tests.standins.providers.plugins import attached

from . import packages, workspace
from .progress import Progress

BANNER = """
  ==========================================================================
  REHEARSAL. The engine, the hosts, SSH and every script are real.
  The packages are STAND-INS, not FoundationDB and not Stalwart.
  Nothing here keeps mail.
  =========================================================================="""


def main() -> int:
    options = _options()
    home: Path = options.home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    # An export goes to another program, not to a person.
    if options.action != "export":
        print(BANNER, flush=True)
    if options.action == "mend":
        workspace.set_in_stack_file(options.stack, "mend", datetime.now(UTC).isoformat(timespec="seconds"))
    config = workspace.stack_file(options.stack)
    try:
        settings = check(*_given(config))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    if options.action == "unlock":
        workspace.mend(home)
    with ExitStack() as held:
        environment = held.enter_context(attached())
        stack = _stack(home, options.stack, config, settings, environment)
        progress = Progress(foreseen=options.action == "preview")
        try:
            return _act(options.action, stack, progress, home)
        except automation.ConcurrentUpdateError:
            print("another run holds this stack; wait for it, or `make unlock` when it is dead", file=sys.stderr)
        except automation.CommandError as error:
            if not progress.told:  # the engine refused before it began
                print(error, file=sys.stderr)
            where = f" in {', '.join(progress.failed)}" if progress.failed else ""
            print(f"\nfailed{where}; what is done is kept, and the same command goes on from there", file=sys.stderr)
    return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.rehearsal", description=__doc__)
    parser.add_argument("action", choices=("up", "mend", "preview", "destroy", "output", "unlock", "export"))
    parser.add_argument("--stack", default="dev")
    parser.add_argument("--home", type=Path, default=workspace.ROOT / ".state" / "rehearsal")
    return parser.parse_args()


def _given(config: dict[str, Any]) -> tuple[dict[str, Any], frozenset[str]]:
    """The stack file's values by key, and the keys whose values are secrets."""
    bare = {key.removeprefix("stalwart-cluster:"): value for key, value in config.items() if ":" in key}
    secret = {key for key, value in bare.items() if isinstance(value, dict) and set(value) == {"secure"}}
    return {key: value for key, value in bare.items() if key not in secret}, frozenset(secret)


def _stack(
    home: Path, name: str, config: dict[str, Any], settings: Settings, environment: dict[str, str]
) -> automation.Stack:
    mirror = packages.mirror(home, settings.release.foundationdb, settings.release.stalwart)
    os.environ.update({"STALWART_CLUSTER_REHEARSAL": "1", "STALWART_CLUSTER_MIRROR": str(mirror)})
    return workspace.stack(home, name, config, environment)


def _act(action: str, stack: automation.Stack, progress: Progress, home: Path) -> int:
    match action:
        case "up" | "mend":
            stack.up(on_event=progress, color="never")
            _tell_outputs(stack)
        case "preview":
            changes = stack.preview(on_event=progress, color="never").change_summary
            print(", ".join(f"{count} to {operation}" for operation, count in changes.items()))
        case "destroy":
            stack.destroy(on_event=progress, color="never")
            stack.workspace.remove_stack(stack.name)
        case "unlock":
            stack.cancel()
        case "export":
            json.dump({"deployment": stack.export_stack().deployment}, sys.stdout)
            return 0
        case _:
            _tell_outputs(stack)
            return 0
    progress.save(home / "timeline.json")
    if action in {"up", "mend"} and progress.steps:
        print("\nThe slowest steps (begin, seconds):")
        for step in progress.slowest():
            print(f"{step.begin:7.1f} {(step.end or 0) - step.begin:6.1f} s  {step.name}")
    counted = ", ".join(f"{count} {operation}" for operation, count in sorted(progress.changes().items()))
    print(f"\n{action}: {progress.seconds():.1f} s; {counted or 'nothing changed'}")
    return 0


def _tell_outputs(stack: automation.Stack) -> None:
    hide = not os.environ.get("SHOW_SECRETS")
    outputs = {key: "[secret]" if item.secret and hide else item.value for key, item in sorted(stack.outputs().items())}
    print("\nOutputs:")
    print(json.dumps(outputs, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    sys.exit(main())
