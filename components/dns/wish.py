"""From the stack file to the names that records are made from, and to the zones and parts that hold them."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.dns.issuers import issuers
from components.dns.names import Address, MailDomain, MailNames
from components.settings import DnsProvider, Settings
from components.settings.names import nearest, with_aliases

Dkim = Mapping[str, Sequence[Sequence[Any]]]
"""Domain -> selector and text of each of its signing keys."""

# Name servers of a provider take a while among each other; a person who pastes records takes longer than one can wait.
_PUBLISHED_SECONDS, _PASTED_SECONDS = 240, 0


def patience(settings: Settings) -> int:
    """Seconds that a step waits for the world to show the records."""
    return _PASTED_SECONDS if settings.dns.provider is DnsProvider.MANUAL else _PUBLISHED_SECONDS


def mail_names(
    settings: Settings,
    exchangers: tuple[str, ...],
    addresses: Mapping[str, tuple[Address, ...]],
    dkim: Dkim,
    setup: object = None,
    keys: Sequence[Any] = (),
) -> MailNames:
    """The cluster as the world shall see it. Addresses, keys and `setup` may be promises of the engine.

    Args:
        dkim: what mail is signed with.
        keys: what the mail servers show in TLS, as TLSA has it.
    """
    return MailNames(
        hostname=settings.hostname,
        outgoing=settings.outgoing,
        exchangers=exchangers,
        addresses=addresses,
        domains=_domains(settings, dkim),
        sieve=settings.front.sieve,
        submission=settings.mail.submission,
        reports=settings.dns.dmarc_reports,
        caa=issuers(settings),
        mta_sts=settings.dns.mta_sts,
        relay_spf=settings.mail.relay.spf_include if settings.mail.relay else None,
        ttl=settings.dns.ttl,
        setup=setup,
        keys=tuple(keys),
    )


def names(settings: Settings) -> tuple[str, ...]:
    """Every domain and every other name of one, the default domain first."""
    return with_aliases({domain: settings.domains[domain] for domain in settings.domain_names})


def zones(settings: Settings) -> tuple[str, ...]:
    """The zones given, else one per domain and alias, and one for the service's name where none of them holds it."""
    return _and_hostname(settings, settings.dns.zones or names(settings))


def parts(settings: Settings) -> tuple[str, ...]:
    """What records are written together: those of a domain, first of all those where the service's names are.

    A name server may refuse an exchanger whose name has no address yet.
    """
    found = _and_hostname(settings, names(settings))
    first = nearest(found, settings.hostname)
    return (first or settings.hostname, *(name for name in found if name != first))


def _and_hostname(settings: Settings, found: tuple[str, ...]) -> tuple[str, ...]:
    return found if nearest(found, settings.hostname) else (*found, settings.hostname)


def _domains(settings: Settings, dkim: Dkim) -> tuple[MailDomain, ...]:
    """An alias has the policy of its domain."""
    policies = {
        name: section.dmarc or settings.dns.dmarc
        for domain, section in settings.domains.items()
        for name in (domain, *section.aliases)
    }
    return tuple(
        MailDomain(name=name, dmarc=policies[name], dkim=tuple((key[0], key[1]) for key in dkim.get(name, ())))
        for name in names(settings)
    )
