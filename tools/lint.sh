#!/usr/bin/env bash
# Every checker; all of them run, and any that complains fails the whole.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
failed=0
check() { "$@" || failed=1; }
run=(uv run --frozen)

check "${run[@]}" ruff format --quiet --check .
check "${run[@]}" ruff check --quiet .
check "${run[@]}" mypy
check "${run[@]}" lint-imports --no-cache
mapfile -t shell < <(git ls-files '*.sh' '.ci/run' 'tests/standins/foundationdb/maintainer/*inst' 'tests/standins/foundationdb/maintainer/*rm')
check "${run[@]}" shellcheck --external-sources "${shell[@]}"
check "${run[@]}" shfmt --diff tools scripts
exit "$failed"
