"""Which certificate authorities may issue for the names of the service (CAA, RFC 8659)."""

from urllib.parse import urlsplit

from components.settings import Settings

# The name that an authority looks for, by the host of its ACME directory. Source: the authorities' own pages on CAA.
_NAMES = {
    "acme-v02.api.letsencrypt.org": "letsencrypt.org",
    "acme-staging-v02.api.letsencrypt.org": "letsencrypt.org",
    "acme.zerossl.com": "sectigo.com",
    "api.buypass.com": "buypass.com",
    "api.test4.buypass.no": "buypass.com",
    "dv.acme-v02.api.pki.goog": "pki.goog",
    "dv.acme-v02.test-api.pki.goog": "pki.goog",
    "acme.ssl.com": "ssl.com",
}


def issuers(settings: Settings) -> tuple[str, ...]:
    """What the stack file says; else the authority that it asks, if its name is known; else nobody is kept out.

    Let's Encrypt could be held to a method and an account as well (RFC 8657). It is not: the account is made after the
    records are, and a domain that moves to another challenge would be refused until its records are seen everywhere.
    """
    if settings.dns.caa is not None:
        return settings.dns.caa
    authority = urlsplit(settings.authority or "").hostname or ""
    return (_NAMES[authority],) if authority in _NAMES else ()
