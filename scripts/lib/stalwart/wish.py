"""What the mail server's settings shall be, as the program hands it to the scripts: one JSON document."""

import hashlib
import json
from dataclasses import asdict, dataclass, field

from lib.stalwart.limits import Limits, Spam
from lib.stalwart.relay import Relay


@dataclass(frozen=True)
class Wish:
    """The wanted settings. All names are in the form the server stores: lower case, A-labels."""

    hostname: str
    """Name of the service, for greetings and certificates."""

    outgoing: str
    """Name under which every node sends: its reverse name too."""

    exchangers: tuple[str, ...]
    """The mail exchangers of the domains, which a policy of theirs names."""

    proxies: tuple[str, ...]
    """Addresses that say in front of each connection whose it is: the load balancer's, or none."""

    domain: str
    """The default domain, which holds the administrator and the probe."""

    admin: str
    probe: str
    submission: bool
    """Whether port 587 is open beside 465."""

    coordinators: tuple[str, ...]
    """Where NATS answers, `ip:port`."""

    nodes: tuple[str, ...]
    """Addresses of all nodes, which are never throttled or banned."""

    sieve: bool
    """Whether the world reaches port 4190."""

    mta_sts: str
    """How senders shall take the policy that the server shows them: `none`, `testing` or `enforce`."""

    downloads: bool
    """Whether the server may fetch its web page, spam rules and address lists."""

    ipv6: bool = True
    """Whether every node's IPv6 address is one that the records have, so that mail may leave by it."""

    relay: Relay | None = None
    """Where mail leaves through; None: to the receivers' own mail servers."""

    spam: Spam = field(default_factory=Spam)
    limits: Limits = field(default_factory=Limits)

    @property
    def admin_login(self) -> str:
        """The administrator's address, which is the login."""
        return f"{self.admin}@{self.domain}"

    @property
    def probe_login(self) -> str:
        """The probe's address, which is the login."""
        return f"{self.probe}@{self.domain}"

    @property
    def listeners(self) -> "dict[str, Listener]":
        """The listeners by name. Plain HTTP, with the whole administration, is on loopback only."""
        found = {
            "smtp": Listener("[::]:25", "smtp", tls_implicit=False),
            "submissions": Listener("[::]:465", "smtp", tls_implicit=True),
            "imaps": Listener("[::]:993", "imap", tls_implicit=True),
            "sieve": Listener("[::]:4190", "manageSieve", tls_implicit=False),
            "https": Listener("[::]:443", "http", tls_implicit=True),
            "http": Listener("127.0.0.1:8080", "http", tls_implicit=False),
        }
        if self.submission:
            found["submission"] = Listener("[::]:587", "smtp", tls_implicit=False)
        return found

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports that must be open, in ascending order."""
        return tuple(sorted(int(listener.bind.rsplit(":", 1)[1]) for listener in self.listeners.values()))

    @property
    def restart_digest(self) -> str:
        """Changes with the settings that a running server takes up only when it starts again."""
        text = json.dumps(
            [sorted(self.coordinators), sorted(self.proxies), {k: asdict(v) for k, v in self.listeners.items()}],
            sort_keys=True,
        )
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Listener:
    """One port: where it binds, what it speaks, whether TLS comes first."""

    bind: str
    protocol: str
    tls_implicit: bool


def parse(text: str) -> Wish:
    """Read the document."""
    document = json.loads(text)
    for key in ("exchangers", "proxies", "coordinators", "nodes"):
        document[key] = tuple(document[key])
    if document.get("relay"):
        document["relay"] = Relay(**document["relay"])
    document["spam"] = Spam(**document.get("spam", {}))
    document["limits"] = Limits(**document.get("limits", {}))
    return Wish(**document)
