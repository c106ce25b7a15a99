"""Rules of the certificate: which keys go with which source."""

from collections.abc import Iterator

from components.settings.fields import AUTHORITIES, OWN
from components.settings.mistakes import Mistake
from components.settings.model import Platform
from components.settings.rules.rule import Rules, Sound

KEY = "certificate_key"


def _authority(sound: Sound) -> Iterator[Mistake]:
    source, caa = sound["mail"].certificate, sound["dns"].caa
    if sound["platform"] is Platform.LAB and source in AUTHORITIES:
        yield Mistake("mail.certificate", "no public authority reaches a lab", "take private")
    elif source in AUTHORITIES and caa and "letsencrypt.org" not in caa:
        yield Mistake(
            "dns.caa", "it forbids letsencrypt.org, which mail.certificate asks", "add it, or leave caa empty"
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


RULES: Rules = (
    (("platform", "mail", "dns"), _authority),
    (("mail",), _own),
)
