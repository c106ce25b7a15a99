"""Who may reach the servers from the world. Inside the private network Hetzner's firewalls do not act."""

from dataclasses import dataclass

from components.settings import FrontKind, Settings

WORLD = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One opening for incoming connections. `port` is None for ICMP."""

    what: str
    protocol: str
    port: int | None
    sources: tuple[str, ...]


def mail_ports(settings: Settings) -> dict[str, int]:
    """The ports of the mail service that the world may reach, by what they serve."""
    ports = {"smtp": 25, "https": 443, "submissions": 465, "imaps": 993}
    if settings.mail.submission:
        ports["submission"] = 587
    if settings.front.sieve:
        ports["sieve"] = 4190
    return ports


def rules(settings: Settings) -> tuple[Rule, ...]:
    """The openings, mail first. Behind a load balancer mail comes by the private network, so only SSH is open."""
    direct = settings.front.kind is FrontKind.DNS
    mail = [
        Rule(what=what, protocol="tcp", port=port, sources=WORLD)
        for what, port in sorted(mail_ports(settings).items(), key=lambda item: item[1])
        if direct
    ]
    ssh = Rule(what="ssh", protocol="tcp", port=22, sources=tuple(str(net) for net in settings.hetzner.ssh_from))
    # Without it senders cannot find out how large a packet may be.
    return (*mail, ssh, Rule(what="icmp", protocol="icmp", port=None, sources=WORLD))
