"""Which names a certificate has to hold. All of them lead to the cluster: a public authority looks at each."""

from components.front.names import exchangers
from components.settings import MtaSts, Settings
from components.settings.names import with_aliases
from components.topology import Plan

_ALIASES = ("autoconfig", "autodiscover", "ua-auto-config")


def certified(settings: Settings, plan: Plan) -> dict[str, list[str]]:
    """Domain -> the names of its certificate, with those of its aliases; the service and the exchangers are on the
    default domain's.
    """
    own = {settings.hostname, *exchangers(settings, plan), *(node.hostname for node in plan.front_nodes)}
    found = {}
    for domain, section in ((name, settings.domains[name]) for name in settings.domain_names):
        labels = _ALIASES if settings.dns.mta_sts is MtaSts.NONE else (*_ALIASES, "mta-sts")
        names = {f"{label}.{name}" for name in (domain, *section.aliases) for label in labels}
        found[domain] = sorted(names | own if domain == settings.default_domain else names)
    return found


def all_names(settings: Settings, plan: Plan) -> tuple[str, ...]:
    """Every name by which anybody meets a mail server, the service's first: also of nodes that the front leaves out."""
    names = {name for found in certified(settings, plan).values() for name in found}
    names |= {settings.outgoing, *(node.hostname for node in plan.mail_nodes)}
    return (settings.hostname, *sorted(names - {settings.hostname}))


def needed(settings: Settings, plan: Plan) -> tuple[str, ...]:
    """The names by which mail is handed in and read: programs and servers refuse a certificate that lacks one."""
    names = {settings.hostname, *exchangers(settings, plan), *(node.hostname for node in plan.front_nodes)}
    if settings.dns.mta_sts is not MtaSts.NONE:
        names |= {f"mta-sts.{name}" for name in with_aliases(settings.domains)}
    return tuple(sorted(names))


def useful(settings: Settings) -> tuple[str, ...]:
    """The names by which programs look for their settings; without them people type a few."""
    return tuple(f"{label}.{name}" for name in with_aliases(settings.domains) for label in _ALIASES)
