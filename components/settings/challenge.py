"""How an authority is shown that the names of a certificate are ours."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from components.settings.domain import DomainSettings
from components.settings.names import nearest

SECRET = "dns_challenge_secret"  # noqa: S105  # the name of the key, not what it holds


class Challenge(StrEnum):
    """What an authority looks at."""

    TLS_ALPN = "tls_alpn"
    DNS = "dns"


def zones_of_names(
    zones: Sequence[str], domains: Mapping[str, DomainSettings], default: str, hostname: str
) -> dict[str, tuple[str, ...]]:
    """Domain -> the zones of the names that its certificate holds.

    Args:
        zones: all of them.
        default: the domain whose certificate has the names of the service and of its nodes too.
    """
    found = {}
    for domain, section in domains.items():
        held: Iterable[str] = (domain, *section.aliases, *([hostname] if domain == default else []))
        found[domain] = tuple(dict.fromkeys(nearest(zones, name) or name for name in held))
    return found
