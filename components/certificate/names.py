"""Which names a certificate has to hold. All of them lead to the cluster: the authority looks at each."""

from components.front.names import exchangers
from components.settings import MtaSts, Settings
from components.topology import Plan

_ALIASES = ("autoconfig", "autodiscover", "ua-auto-config")


def certified(settings: Settings, plan: Plan) -> dict[str, list[str]]:
    """Domain -> the names of its certificate; the service and the exchangers are on the default domain's."""
    own = {settings.hostname, *exchangers(settings, plan), *(node.hostname for node in plan.front_nodes)}
    found = {}
    for domain in settings.domain_names:
        aliases = {*_ALIASES} if settings.dns.mta_sts is MtaSts.NONE else {*_ALIASES, "mta-sts"}
        names = {f"{alias}.{domain}" for alias in aliases}
        found[domain] = sorted(names | own if domain == settings.default_domain else names)
    return found
