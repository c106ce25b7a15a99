"""Rules of the certificate: which keys go with which source."""

from collections.abc import Iterator

from components.settings.dns import MtaSts
from components.settings.fields.source import AUTHORITIES, OWN, PRIVATE
from components.settings.mail import default_domain
from components.settings.mistakes import Mistake, spell
from components.settings.model import Platform
from components.settings.rules.rule import Rules, Sound

KEY = "certificate_key"

# Source: letsencrypt.org/docs/rate-limits, Identifiers per Certificate.
_MOST_NAMES = 100
# What a domain and each alias of it has, see components/certificate/names.py; `mta-sts` is one more.
_OF_A_DOMAIN = 3


def _authority(sound: Sound) -> Iterator[Mistake]:
    source, caa = sound["mail"].certificate, sound["dns"].caa
    if sound["platform"] is Platform.LAB and source in AUTHORITIES:
        yield Mistake("mail.certificate", "no public authority reaches a lab", "take private")
    elif source in AUTHORITIES and caa and "letsencrypt.org" not in caa:
        yield Mistake(
            "dns.caa", "it forbids letsencrypt.org, which mail.certificate asks", "add it, or leave caa empty"
        )


def _names(sound: Sound) -> Iterator[Mistake]:
    """A domain's certificate holds its names and those of its aliases."""
    mail, domains = sound["mail"], sound["domains"]
    if mail.certificate not in AUTHORITIES:
        return
    each = _OF_A_DOMAIN + (sound["dns"].mta_sts is not MtaSts.NONE)
    for name, section in domains.items():
        own = 1 + len(sound["nodes"]) if name == default_domain(mail, domains) else 0
        count = (1 + len(section.aliases)) * each + own
        if count > _MOST_NAMES:
            yield Mistake(
                spell(("domains", name, "aliases")),
                f"its certificate would hold {count} names, and Let's Encrypt certifies {_MOST_NAMES} at most",
                "make some of the aliases domains of their own, or take mail.certificate own with wildcards",
            )


def _own(sound: Sound) -> Iterator[Mistake]:
    """A certificate of one's own is a chain and its key.

    Args:
        sound: `mail`, and under `given` the keys that the stack file really has.
    """
    here = {"mail.certificate_chain": sound["mail"].certificate_chain, KEY: KEY in sound["given"] or None}
    remedies = {
        "mail.certificate_chain": "the chain in PEM, or the name of the file that it is in",
        KEY: f"pulumi config set --secret {KEY} < key.pem",
    }
    for key, value in here.items():
        if sound["mail"].certificate == OWN and value is None:
            yield Mistake(key, "is missing", f"mail.certificate own needs it: {remedies[key]}")
        elif sound["mail"].certificate != OWN and value is not None:
            yield Mistake(key, "goes with mail.certificate own", "remove it, or say own")


def _signed(sound: Sound) -> Iterator[Mistake]:
    """A signed zone names the key of the mail servers, and senders that look for it deliver to no other.

    A certificate that a server asks for has a key that nobody knows before it is shown. The authority's own key, which
    could be named instead, changes as the authority likes.
    """
    source = sound["mail"].certificate
    if sound["dns"].signed and source not in {PRIVATE, OWN}:
        yield Mistake(
            "dns.signed",
            f"with mail.certificate {source} the key of the mail servers is known only when they show it: until the"
            " records name it, senders that look for them deliver no mail",
            "leave it out; or take own, whose key stays when its certificate is renewed, or private",
        )


RULES: Rules = (
    (("platform", "mail", "dns"), _authority),
    (("mail", "domains", "dns", "nodes"), _names),
    (("mail",), _own),
    (("mail", "dns"), _signed),
)
