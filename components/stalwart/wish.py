"""The mail server's settings as one document, which the scripts compare with what the server has."""

import json
from ipaddress import IPv6Address
from typing import Any

from components.front.names import exchangers
from components.settings import Downloads, FrontKind, Platform, RelaySettings, RelayTls, Settings
from components.settings.addresses import balancer_address
from components.settings.limits import limits_document, spam_document
from components.settings.mail import PROBE
from components.topology import Plan


def document(settings: Settings, plan: Plan) -> str:
    """JSON of scripts/lib/stalwart/wish.Wish."""
    balanced = settings.front.kind is FrontKind.LOAD_BALANCER
    wish: dict[str, Any] = {
        "hostname": settings.hostname,
        "outgoing": settings.outgoing,
        "exchangers": list(exchangers(settings, plan)),
        "proxies": [str(balancer_address(settings.hetzner.subnet))] if balanced else [],
        "domain": settings.default_domain,
        "admin": settings.mail.admin,
        "probe": PROBE,
        "submission": settings.mail.submission,
        "sieve": settings.front.sieve,
        "mta_sts": settings.dns.mta_sts,
        "coordinators": [node.coordination_address for node in plan.coordination_nodes],
        "nodes": [node.address for node in plan.nodes],
        "ipv6": _sends_by_ipv6(settings, plan),
        "spam": spam_document(settings.mail.spam),
        "limits": limits_document(settings.mail.limits),
        "relay": _relay(settings.mail.relay),
        "downloads": settings.mail.downloads is Downloads.PUBLISHED,
    }
    return json.dumps(wish, sort_keys=True)


def _sends_by_ipv6(settings: Settings, plan: Plan) -> bool:
    """Only where every sender's IPv6 address is known: SPF and a reverse name are asked for whichever it leaves by."""
    if settings.platform is Platform.HETZNER:
        return settings.hetzner.ipv6
    public = (settings.nodes[node.name].public for node in plan.sending_nodes)
    return all(any(isinstance(address, IPv6Address) for address in addresses) for addresses in public)


def _relay(relay: RelaySettings | None) -> dict[str, Any] | None:
    """Without its password, which goes another way."""
    if relay is None:
        return None
    return {"host": relay.host, "port": relay.at, "implicit": relay.tls is RelayTls.IMPLICIT, "user": relay.user}


def admin_login(settings: Settings) -> str:
    """The administrator's address, which is the login."""
    return settings.own_addresses[0]
