#!/usr/bin/env bash
# Print the connection string that nodes join with: that of the database where there is one, else a first one, made on
# the seed with its real address.
: "${CLUSTER_NAME:?description in the cluster file, constant for the life of the cluster}"
: "${SEED_ADDRESS:?private address of the seed}"
: "${FOUND?connection string of the database that the hosts hold; empty: every host is new}"
source lib/common.sh
source lib/foundationdb/places.sh

here=$FOUND
if [[ -z "$here" && -s "$FDB_CLUSTER" ]]; then here=$(connection_string "$FDB_CLUSTER"); fi
if [[ -n "$here" ]]; then
  [[ "$(description_of "$here")" == "$CLUSTER_NAME" ]] ||
    die "this host already belongs to the database $(description_of "$here")" "set stalwart-cluster:cluster back, or take another host"
  printf '%s\n' "$here"
  exit 0
fi
mkdir -p "$FDB_ETC"
# The identity of the coordinators' state; every change of coordinators makes a new one.
identity=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n' | cut -c1-32)
put "$FDB_CLUSTER" 0640 root:root shared <<<"$CLUSTER_NAME:$identity@$SEED_ADDRESS:$FDB_PORT"
connection_string "$FDB_CLUSTER"
printf '\n'
