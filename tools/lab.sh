#!/usr/bin/env bash
# The lab of a stack, by hand: start, stop, status, kill NODE, cut NODE, mend NODE.
set -euo pipefail
cd "$(dirname "$0")/../scripts"
LAB="stalwart-cluster-${STACK:-dev}" exec bash lab/lab.sh "$@"
