"""The checks: their names, which programs may rely on, and what each says when it is right."""

from dataclasses import dataclass
from typing import Any, Final

SENTENCES: Final = {
    "proof": "Mail passes between all nodes and the database is proved",
    "incoming": "Mail from outside reaches every domain through every exchanger",
    "incoming-tls": "What comes in from outside is encrypted on its way",
    "incoming-spf": "The sender's SPF is looked up and passes",
    "incoming-dkim": "The sender's signatures, RSA and Ed25519, are verified",
    "incoming-dmarc": "The sender's DMARC passes",
    "incoming-reverse": "The sending server's reverse name is looked up and fits",
    "forged": "A forged mail is refused or marked",
    "relay-refused": "A stranger cannot send to others through the cluster",
    "unknown-refused": "Mail for an address that does not exist is refused at once",
    "outgoing": "Mail of every domain from every node arrives outside",
    "outgoing-spf": "A receiver finds SPF to pass",
    "outgoing-dkim": "A receiver finds both signatures, RSA and Ed25519, to hold",
    "outgoing-dmarc": "A receiver finds SPF and DKIM aligned with the author's domain",
    "outgoing-tls": "What goes outside is encrypted on its way",
    "outgoing-names": "Each sending node greets with the reverse name of its address",
    "imap-idle": "Who idles on one node is told of mail that comes in on another",
    "sieve": "A script put on one node files mail that comes in on another",
    "jmap": "Mail is sent and read by JMAP on every node",
    "autoconfig": "Thunderbird and its like are told where to connect, and may",
    "autodiscover": "Outlook and its like are told where to connect, and may",
    "well-known-jmap": "A JMAP program finds its way from the domain alone",
    "mta-sts": "Every node shows the MTA-STS policy that DNS announces",
    "submission": "Port 587 takes mail after STARTTLS, and no login before",
    "left": "Nothing of this verification is left",
}

RIGHT, WRONG, NOT_MADE = "right", "wrong", "not made"


@dataclass(frozen=True)
class Check:
    """One check as it came out."""

    name: str
    result: str
    seconds: float = 0.0
    detail: str = ""

    @property
    def sentence(self) -> str:
        """What it says when it is right."""
        return SENTENCES[self.name]


def told(document: dict[str, Any]) -> list[Check]:
    """The checks in what a script printed."""
    return [Check(item["name"], item["result"], item["seconds"], item["detail"]) for item in document["checks"]]


def every(found: list[Check], why: str) -> list[Check]:
    """All checks in their order; those that nobody made say why."""
    here = {check.name: check for check in found}
    return [here.get(name) or Check(name, NOT_MADE, detail=why) for name in SENTENCES]
