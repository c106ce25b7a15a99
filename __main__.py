"""Highly available mail: Stalwart on FoundationDB, from a stack file to a cluster proved by mail."""

from dataclasses import replace

import pulumi

from components import briefing, outputs, rehearsal, settings, topology
from components.accounts.accounts import Accounts, AccountsArgs
from components.certificate import own
from components.certificate.certificate import Certificate, CertificateArgs
from components.certificate.stored import StoredCertificate, StoredCertificateArgs
from components.coordinator.nats import Nats, NatsArgs
from components.directory.directory import Directory, DirectoryArgs
from components.dkim.keys import SigningKeys
from components.dkim.signing import Signing, SigningArgs
from components.dns import rfc2136
from components.dns.dns import Dns, DnsArgs
from components.egress.egress import Egress, EgressArgs
from components.foundationdb import line
from components.foundationdb.cluster import FoundationDb, FoundationDbArgs
from components.foundationdb.set_back import set_back
from components.front.front import Front, FrontArgs
from components.guard import guard
from components.hosts.hetzner import provider
from components.hosts.ready import HostsArgs, ReadyHosts
from components.packages import Packages
from components.proof.proof import Proof, ProofArgs
from components.reasons import watch
from components.stalwart.cluster import Stalwart, StalwartArgs
from components.upkeep.upkeep import Upkeep, UpkeepArgs

config = pulumi.Config()
wish = settings.load(config)
rehearsal.check(wish)
line.check(wish)
plan = topology.plan(wish)
packages = Packages(wish.release, rehearsal.mirror(wish))
briefing.tell(wish, plan)
watch.listen(plan)
cloud = provider.access(wish, plan)
rfc2136.check(wish, config.get("dns_tsig_secret"), config.get("dns_challenge_secret"))
chain = own.check(wish, plan, config.get("certificate_key"))

ready = ReadyHosts(
    "hosts",
    HostsArgs(plan=plan, settings=wish, packages=packages, private_key=config.get_secret("ssh_private_key")),
    cloud,
)
store = FoundationDbArgs(
    cluster=wish.cluster, plan=plan, hosts=ready.hosts, packages=packages, database=wish.database, allow=wish.allow
)
hosts = set_back("fdb-set-back", store, ready)
hosts = line.gone_over("fdb", replace(store, hosts=hosts), ready)
database = FoundationDb("fdb", replace(store, hosts=hosts))
coordinator = Nats("nats", NatsArgs(plan=plan, hosts=hosts))
egress = Egress("egress", EgressArgs(plan=plan, hosts=hosts))
mail = Stalwart(
    "mail",
    StalwartArgs(
        settings=wish,
        plan=plan,
        hosts=egress.hosts,
        packages=packages,
        database=database,
        coordinator=coordinator,
        admin_password=config.get_secret("admin_password"),
        relay_password=config.get_secret("relay_password"),
    ),
)
stored = StoredCertificate(
    "stored-certificate",
    StoredCertificateArgs(
        settings=wish,
        plan=plan,
        hosts=hosts,
        mail=mail,
        own_chain=chain,
        own_key=config.get_secret("certificate_key"),
    ),
)
keys = SigningKeys("dkim", wish)
directory = Directory("directory", DirectoryArgs(settings=wish, plan=plan, hosts=hosts, mail=mail, keys=keys))
accounts = Accounts("accounts", AccountsArgs(settings=wish, plan=plan, hosts=hosts, mail=mail, directory=directory))
proof = Proof("proof", ProofArgs(plan=plan, hosts=hosts, database=database, mail=mail, directory=directory))
upkeep = Upkeep("upkeep", UpkeepArgs(hosts=hosts, updates=wish.updates, database=database, mail=mail))
front = Front(
    "front",
    FrontArgs(settings=wish, plan=plan, hosts=hosts, net=ready.net, proved=proof.proved),
    cloud,
)
dns = Dns(
    "dns",
    DnsArgs(
        settings=wish,
        plan=plan,
        hosts=hosts,
        front=front,
        mail=mail,
        directory=directory,
        keys=keys,
        stored=stored,
        tsig_secret=config.get_secret("dns_tsig_secret"),
    ),
    cloud,
)
signing = Signing(
    "signing",
    SigningArgs(settings=wish, plan=plan, hosts=hosts, mail=mail, directory=directory, published=dns.keys_published),
)
certificate = Certificate(
    "certificate",
    CertificateArgs(
        settings=wish,
        plan=plan,
        hosts=hosts,
        mail=mail,
        stored=stored,
        front=front,
        published=dns.published,
        challenge_secret=config.get_secret("dns_challenge_secret"),
        tsig_secret=config.get_secret("dns_tsig_secret"),
    ),
)
guard(
    wish,
    [
        ready,
        database,
        coordinator,
        egress,
        mail,
        stored,
        directory,
        accounts,
        proof,
        upkeep,
        front,
        dns,
        signing,
        certificate,
    ],
)

outputs.export(wish, plan, outputs.Parts(ready, database, mail, accounts, proof, dns, signing, stored, certificate))
