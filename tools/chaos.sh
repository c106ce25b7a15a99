#!/usr/bin/env bash
# Every case in which a lab is hurt while mail comes in: the files that hold one, their short cases too. What each measured
# goes to benchmarks/results/chaos. TEST_MIRROR=/srv/mirror takes the real servers.
set -euo pipefail
cd "$(dirname "$0")/.."
uv run --frozen python -m tests.rehearsal.engine >/dev/null
mapfile -t cases < <(grep -l 'pytest\.mark\.chaos' tests/lab/test_*.py)
CHAOS_RESULTS=${CHAOS_RESULTS:-$PWD/benchmarks/results/chaos} uv run --frozen pytest -q "${cases[@]}" "$@"
