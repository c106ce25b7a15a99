"""What the mail servers are told of the records by which an authority sees that the names are ours."""

import json

from components.dns import wish
from components.settings import Challenge, DnsProvider, Settings
from components.settings.challenge import zones_of_names


def document(settings: Settings) -> str:
    """Who takes the records, in the mail server's words, and the zone of each domain; empty where TLS is looked at."""
    if settings.mail.certificate_challenge is not Challenge.DNS:
        return ""
    zones = zones_of_names(wish.zones(settings), settings.domains, settings.default_domain, settings.hostname)
    # Without a zone the mail server goes by each name's registered domain.
    one = {domain: held[0] if len(held) == 1 else None for domain, held in zones.items()}
    return json.dumps({"server": _server(settings), "zones": one}, sort_keys=True)


def _server(settings: Settings) -> dict[str, object]:
    dns = settings.dns
    if dns.provider is DnsProvider.HETZNER:
        return {"@type": "Hetzner"}
    host, port = dns.server_address
    return {
        "@type": "Tsig",
        "host": host,
        "port": port,
        # As this machine asks it: a server that is not there says so at once.
        "protocol": "tcp",
        "keyName": dns.challenge_tsig_name or dns.tsig_name,
        "tsigAlgorithm": dns.tsig_algorithm,
    }
