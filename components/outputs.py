"""What the stack exports. Each key with one sentence; docs/configuration.md repeats them."""

from dataclasses import dataclass
from typing import Any

import pulumi

from components import rehearsal
from components.accounts.accounts import Accounts
from components.certificate.certificate import Certificate
from components.certificate.stored import StoredCertificate
from components.cost.estimate import estimate
from components.dkim.signing import Signing
from components.dns.dns import Dns
from components.foundationdb.cluster import FoundationDb
from components.hosts.ready import ReadyHosts
from components.proof.proof import Proof
from components.settings import Settings
from components.stalwart import wish
from components.stalwart.cluster import Stalwart
from components.stalwart.endpoints import endpoints
from components.topology import Plan

DESCRIPTIONS = {
    "endpoints": "Where to hand mail in, read it and administer: the service by its name, and every node.",
    "admin": "Login and password of the administrator (secret).",
    "accounts": "Login and first password of each account, where the stack made it (secret). Who changed it keeps it.",
    "fault_tolerance": "Zones that may fail without loss of data or of availability, the number wanted, coordinators,"
    " time of check.",
    "nodes": "Every node: address, zone, host name, id in the mail cluster, releases.",
    "cluster_file": "The database's connection string (secret): the key to all data for who reaches the network.",
    "disk_keys": "The key of every encrypted disk (secret), to open one by hand; only where there are any.",
    "dns_records": "Every zone with the records it needs, as text that a name server reads.",
    "dns": "Whom `make dns-check` asks, and the name whose addresses send.",
    "signing_keys": "Which keys sign the mail of each domain, and until when one that has signed must stay.",
    "certificate": "Where certificates come from, whether the authority has issued them, and until when they last or"
    " what they wait for.",
    "certificate_authority": "Certificate of the stack's own authority in PEM, for programs that shall trust it; not"
    " for `own`.",
    "verification": "The proof by mail: every pair with its seconds, the slowest, time of the check.",
    "cost": "Euros a month by the price list, its day, what has no price there; only where the stack makes servers.",
    "rehearsal": "true, and only there when packages were stand-ins and nothing here keeps mail.",
}


@dataclass(frozen=True)
class Parts:
    """What the outputs tell of."""

    hosts: ReadyHosts
    database: FoundationDb
    mail: Stalwart
    accounts: Accounts
    proof: Proof
    dns: Dns
    signing: Signing
    stored: StoredCertificate
    certificate: Certificate


def export(settings: Settings, plan: Plan, parts: Parts) -> None:
    """Export every key of DESCRIPTIONS."""
    database, mail, proof = parts.database, parts.mail, parts.proof
    values: dict[str, Any] = {
        "endpoints": endpoints(settings, plan),
        "admin": pulumi.Output.secret({"login": wish.admin_login(settings), "password": mail.admin_password}),
        "accounts": parts.accounts.logins,
        "fault_tolerance": proof.database.apply(lambda status: _tolerance(plan, status)),
        "nodes": pulumi.Output.all(proof.verification, proof.database).apply(
            lambda seen: _nodes(settings, plan, proved=seen[0], status=seen[1])
        ),
        "cluster_file": database.cluster_file,
        "dns_records": parts.dns.zone_files,
        "dns": parts.dns.asked,
        "signing_keys": parts.signing.state,
        "certificate": parts.certificate.state,
        "verification": proof.verification.apply(
            lambda proved: {key: proved[key] for key in ("pairs", "slowest_seconds", "checked_at")}
        ),
    }
    if parts.stored.authority is not None:
        values["certificate_authority"] = parts.stored.authority
    if cost := estimate(settings, plan):
        values["cost"] = cost.as_output()
    if keys := parts.hosts.disks.keys:
        values["disk_keys"] = pulumi.Output.secret(keys)
    if rehearsal.is_on():
        values["rehearsal"] = True
    for key, value in values.items():
        pulumi.export(key, value)


def _tolerance(plan: Plan, status: dict[str, Any]) -> dict[str, Any]:
    return {
        "without_losing_data": status["zone_failures_without_losing_data"],
        "without_losing_availability": status["zone_failures_without_losing_availability"],
        "wanted": plan.wanted_tolerance,
        "redundancy_mode": status["redundancy_mode"],
        "coordinators": len(status["coordinators"]),
        "coordinators_reachable": sum(status["coordinators"].values()),
        "checked_at": status["checked_at"],
    }


def _nodes(settings: Settings, plan: Plan, *, proved: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
    running = {process["address"]: process["version"] for process in status["processes"]}
    return {
        node.name: {
            "address": node.address,
            "zone": node.zone,
            "hostname": node.hostname,
            "node_id": proved["nodes"].get(node.name),
            "stalwart": settings.release.stalwart if node.mail else None,
            "foundationdb": running.get(node.database_address),
        }
        for node in plan.nodes
    }
