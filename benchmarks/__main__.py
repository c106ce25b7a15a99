"""Measure a rehearsal of three nodes and previews of more; write results and a picture to benchmarks/results/."""

import json
import os
import platform
import resource
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pulumi import automation

from benchmarks import delivery, directory, outage, rented, replacement, upgrade
from benchmarks.critical_path import longest_path
from benchmarks.gantt import draw
from benchmarks.memory import lab_mebibytes
from tests.lab.conftest import Lab
from tests.rehearsal import packages, workspace
from tests.rehearsal.progress import Progress, Step
from tests.standins.providers.plugins import attached

RESULTS = Path(__file__).parent / "results"
NETWORK = "10.80.0.0/24"
SERVERS = (
    "the published packages"
    if "TEST_MIRROR" in os.environ
    else "stand-ins: what a database or a mail server takes is not in these seconds"
)


def main() -> None:
    RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place, ExitStack() as held:
        home = Path(place)
        environment = held.enter_context(attached())
        os.environ["STALWART_CLUSTER_REHEARSAL"] = "1"
        os.environ["STALWART_CLUSTER_MIRROR"] = str(packages.mirror(home, *upgrade.OLD, upgrade.NEW))
        found: dict[str, Any] = {
            "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
            "servers": SERVERS,
        }
        found["directory"] = directory.measure(directory.InProcess)
        found |= measure_up(home, environment)
        found["memory_engine_mib"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        found["memory_program_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        found |= replacement.measure(home / "replacement", environment)
        found |= measure_preview(home, environment, 100)
        found |= rented.measure(home)
    (RESULTS / "summary.json").write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


def measure_up(home: Path, environment: dict[str, str]) -> dict[str, Any]:
    """From nothing to the proof, the same again, a preview, and the lab at rest."""
    config = {key.removeprefix("stalwart-cluster:"): value for key, value in stack_file(3).items()}
    lab = Lab(home / "three", "bench", environment, config)

    def stack() -> automation.Stack:
        return lab.stack

    progress = Progress()
    try:
        stack().up(on_event=progress, color="never")
        steps = [step for step in progress.steps.values() if step.kind.endswith(":Command") and step.end]
        ready = max(end(step) for step in steps if step.name.startswith("lab-"))
        work = [step for step in steps if not step.name.startswith("lab-")]
        depends = dependencies(stack())
        path = longest_path({step.name: end(step) - step.begin for step in work}, depends)
        (RESULTS / "up.svg").write_text(draw(steps, {name for name, _ in path}))
        took = max(end(step) for step in work) - ready
        critical = sum(seconds for _, seconds in path)
        print_steps(work, path)
        return {
            "up_seconds": round(progress.seconds(), 1),
            "up_from_ready_hosts_seconds": round(took, 1),
            "critical_path_seconds": round(critical, 1),
            "ratio": round(took / critical, 2),
            "ssh_sessions_per_node": sessions(work),
            "unchanged_up_seconds": timed(stack().up),
            "preview_seconds": timed(stack().preview),
            "lab_memory_mib": lab_mebibytes("stalwart-cluster-bench"),
            **delivery.measure(lab),
            **outage.measure(lab),
            **upgrade.measure(lab),
        }
    finally:
        stack().destroy(color="never")


def measure_preview(home: Path, environment: dict[str, str], nodes: int) -> dict[str, Any]:
    """A preview of many nodes, from nothing."""
    stack = workspace.stack(home / "many", "bench", stack_file(nodes), environment)
    return {f"preview_{nodes}_nodes_seconds": timed(stack.preview)}


def stack_file(nodes: int) -> dict[str, Any]:
    """A stack of some lab hosts."""
    return {
        "stalwart-cluster:platform": "lab",
        "stalwart-cluster:nodes": {f"mx{index}": {} for index in range(1, nodes + 1)},
        "stalwart-cluster:domains": {"dev.test": {}},
        # Senders come from this machine's address in the lab, faster than strangers may.
        "stalwart-cluster:mail": {"limits": {"allow": [NETWORK]}},
        "stalwart-cluster:lab": {"network": NETWORK},
    }


def dependencies(stack: automation.Stack) -> dict[str, set[str]]:
    """What each resource waits for, as the state has it."""
    resources = (stack.export_stack().deployment or {})["resources"]
    return {
        item["urn"].rsplit("::", 1)[1]: {urn.rsplit("::", 1)[1] for urn in item.get("dependencies") or ()}
        for item in resources
    }


def sessions(work: list[Step]) -> int:
    """The most sessions that any node sees: its steps, its packages, the look for a database, and what is said to the
    first one for the whole cluster.
    """
    counted = dict.fromkeys(("mx1", "mx2", "mx3"), 0)
    for step in work:
        node = step.name.rpartition("-")[2]
        for seen in [node] if node in counted else [*counted] if step.name == "fdb-find" else ["mx1"]:
            counted[seen] += 1
    return max(counted.values())


def print_steps(work: list[Step], path: list[tuple[str, float]]) -> None:
    """Where the time went; a star marks the critical path."""
    critical = {name for name, _ in path}
    for step in sorted(work, key=lambda step: step.begin):
        mark = "*" if step.name in critical else " "
        print(f"{mark} {step.begin:6.1f} {end(step) - step.begin:6.1f} s  {step.name}")


def end(step: Step) -> float:
    """When a step ended."""
    return step.end or step.begin


def timed(work: Any) -> float:  # noqa: ANN401  # any callable
    """Seconds of a call."""
    began = time.monotonic()
    work(color="never")
    return round(time.monotonic() - began, 1)


if __name__ == "__main__":
    main()
