"""Highly available mail: Stalwart on FoundationDB, from a stack file to a cluster proved by mail."""

import pulumi

from components import outputs, rehearsal, settings, topology
from components.coordinator.nats import Nats, NatsArgs
from components.foundationdb.cluster import FoundationDb, FoundationDbArgs
from components.hosts.ready import HostsArgs, ReadyHosts
from components.packages import Packages
from components.proof.proof import Proof, ProofArgs
from components.stalwart.cluster import Stalwart, StalwartArgs

config = pulumi.Config()
wish = settings.load(config)
rehearsal.check(wish)
plan = topology.plan(wish)
packages = Packages.of(wish, mirror=rehearsal.mirror(wish))

machines = ReadyHosts("hosts", HostsArgs(plan=plan, settings=wish, packages=packages, secrets=config))
database = FoundationDb("fdb", FoundationDbArgs.of(wish, plan, machines, packages))
coordinator = Nats("nats", NatsArgs(plan=plan, hosts=machines.hosts))
mail = Stalwart("mail", StalwartArgs.of(wish, plan, machines, packages, database, coordinator))
proof = Proof("proof", ProofArgs(plan=plan, hosts=machines.hosts, database=database, mail=mail))

outputs.export(plan, database, mail, proof)
