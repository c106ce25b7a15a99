#!/usr/bin/env bash
# Every tier, cheapest first. Tests of the lab run without others beside them: they need the machine's two cores. A file of
# them has hosts and a network of its own, so that two run at once: they wait more than they work.
set -euo pipefail
cd "$(dirname "$0")/.."
run=(uv run --frozen pytest -q)

"${run[@]}" -n auto -m "not engine and not lab"
# Minutes on the first machine that has none; not within the time limit of a test.
uv run --frozen python -m tests.rehearsal.engine >/dev/null
"${run[@]}" -n 2 -m engine
# The long cases of failure have a command of their own: make chaos.
"${run[@]}" -n 2 --dist loadfile -m "lab and not chaos"
