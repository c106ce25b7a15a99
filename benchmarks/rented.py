"""Servers at Hetzner: what more of them cost the engine in time, memory and state, and how often the API is asked."""

import os
import resource
import time
from pathlib import Path
from typing import Any

from tests.answers import printed
from tests.rehearsal import workspace
from tests.standins.providers.hcloud.cloud import Cloud, token
from tests.standins.providers.plugins import attached


def measure(home: Path) -> dict[str, Any]:
    """Previews and runs of 3, 9 and 30 servers. No step runs on any host."""
    found: dict[str, Any] = {}
    # Rented servers are never rehearsed; here nothing is made at all.
    os.environ.pop("STALWART_CLUSTER_REHEARSAL", None)
    os.environ["HCLOUD_TOKEN"] = token()
    for count in (3, 9, 30):
        cloud = Cloud()
        cloud.add_zone("example.org")
        with attached(local=_answer, over_ssh=_answer, cloud=cloud) as environment:
            stack = workspace.stack(home / f"rented-{count}", "bench", _stack_file(count), environment)
            began = time.monotonic()
            stack.preview(color="never")
            found[f"hetzner_preview_{count}_seconds"] = round(time.monotonic() - began, 1)
            cloud.calls.clear()
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            stack.up(color="never")
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            found[f"hetzner_up_{count}_engine_cpu_seconds"] = round(cpu, 1)
            found[f"hetzner_up_{count}_state_bytes"] = _state_bytes(home / f"rented-{count}")
            # Of all engines so far; that of most servers is the largest.
            found[f"hetzner_up_{count}_engine_mib_at_most"] = after.ru_maxrss // 1024
            found[f"hetzner_api_calls_per_server_of_{count}"] = round(sum(cloud.calls.values()) / count, 1)
    return found


def _state_bytes(home: Path) -> int:
    (state,) = (home / "backend").rglob("bench.json")
    return state.stat().st_size


def _answer(_call: Any, _inputs: dict[str, Any], text: str) -> tuple[str, str]:  # noqa: ANN401  # a step that is not run
    return printed(text), ""


def _stack_file(count: int) -> dict[str, Any]:
    return {
        "stalwart-cluster:platform": "hetzner",
        "stalwart-cluster:nodes": {f"mx{index}": {} for index in range(1, count + 1)},
        "stalwart-cluster:domains": {"example.org": {}},
        "stalwart-cluster:hetzner": {"ssh_from": ["203.0.113.0/24"]},
        "stalwart-cluster:dns": {"provider": "hetzner"},
    }
