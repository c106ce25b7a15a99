"""The DNS records of a domain, from the settings in force on this node, not from those that are only stored."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .node import Node

_SERVICES = (("caldavs", 443), ("carddavs", 443), ("imaps", 993), ("jmap", 443), ("submissions", 465))


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
    lines += [f"_{name}._tcp.{domain}. IN SRV 0 1 {port} {host}." for name, port in _SERVICES]
    lines.append(f"mta-sts.{domain}. IN CNAME {host}.")
    lines.append(f'_smtp._tls.{domain}. IN TXT "v=TLSRPTv1; rua=mailto:postmaster@{domain}"')
    return "\n".join(lines) + "\n"
