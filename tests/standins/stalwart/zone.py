"""The DNS records of a domain, from the settings in force on this node, not from those that are only stored."""

import base64
import hashlib
from typing import TYPE_CHECKING

from .shown import policy, setup

if TYPE_CHECKING:
    from .node import Node

# Service -> the record of it; what is told of in clear text too has a second one.
_SERVICES = {
    "caldav": ("caldavs", 443),
    "carddav": ("carddavs", 443),
    "imap": ("imaps", 993),
    "jmap": ("jmap", 443),
    "pop3": ("pop3s", 995),
    "smtp": ("submissions", 465),
}
_CLEARTEXT = {"imap": ("imap", 143), "pop3": ("pop3", 110), "smtp": ("submission", 587)}


def zone_file(node: "Node", identity: str, domain: str) -> str:
    """BIND text."""
    host = node.in_force.get("defaultHostname") or node.hostname
    exchangers = node.in_force.get("mailExchangers") or {"0": {"hostname": None, "priority": 10}}
    lines = []
    for signature in node.registry.all("DkimSignature").values():
        if signature["domainId"] == identity:
            kind = "ed25519" if "Ed25519" in signature["@type"] else "rsa"
            record = f'"v=DKIM1; k={kind}; h=sha256; p={signature["publicKey"]}"'
            lines.append(f"{signature['selector']}._domainkey.{domain}. IN TXT {record}")
    lines.append(f'{host}. IN TXT "v=spf1 a -all"')
    lines.append(f'{domain}. IN TXT "v=spf1 mx -all"')
    lines += [f"{domain}. IN MX {mx['priority']} {mx['hostname'] or host}." for mx in exchangers.values()]
    lines.append(f'_dmarc.{domain}. IN TXT "v=DMARC1; p=reject; rua=mailto:postmaster@{domain}"')
    for service, offered in sorted(node.in_force["services"].items()):
        told = [_CLEARTEXT[service]] if offered["cleartext"] and service in _CLEARTEXT else []
        told += [_SERVICES[service]] if service in _SERVICES else []
        lines += [f"_{name}._tcp.{domain}. IN SRV 0 1 {port} {host}." for name, port in told]
    if policy(node):
        lines.append(f"mta-sts.{domain}. IN CNAME {host}.")
    lines.append(f'_smtp._tls.{domain}. IN TXT "v=TLSRPTv1; rua=mailto:postmaster@{domain}"')
    digest = base64.b64encode(hashlib.sha256(setup(node).encode()).digest()).decode()
    lines.append(f'_ua-auto-config.{domain}. IN TXT "v=UAAC1; a=sha256; d={digest}"')
    lines += [f"{name}.{domain}. IN CNAME {host}." for name in ("ua-auto-config", "autoconfig", "autodiscover")]
    return "\n".join(lines) + "\n"
