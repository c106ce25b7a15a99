#!/usr/bin/env bash
# The address that this host's resolver gives a name, as its programs see it; empty where it has none.
: "${NAME:?name to look up}"
source lib/common.sh

printf '{"address": "%s"}\n' "$(getent ahostsv4 "$NAME" | awk 'NR == 1 { print $1 }' || true)"
