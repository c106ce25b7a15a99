#!/usr/bin/env bash
# Every tier, cheapest first. Tests of the lab run alone: they need the machine's network and its two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
run=(uv run --frozen pytest -q)

"${run[@]}" -n auto -m "not engine and not lab"
# Minutes on the first machine that has none; not within the time limit of a test.
uv run --frozen python -m tests.rehearsal.engine >/dev/null
"${run[@]}" -n 2 -m engine
# The long cases of failure have a command of their own: make chaos.
"${run[@]}" -m "lab and not chaos"
