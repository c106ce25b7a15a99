"""What mail programs and other servers ask by HTTPS before any mail: asked of every node, for every domain."""

import smtplib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lib.verify import setup, web
from lib.verify.check import Wrong, each
from lib.verify.tls import spoken

_OK = 200


@dataclass(frozen=True)
class Asked:
    """Checks of what is answered; each returns its detail, and raises what is wrong."""

    nodes: Mapping[str, str]
    """Node name -> address."""

    domains: Sequence[str]
    hostname: str
    """Name of the mail service."""

    announced: Mapping[str, Sequence[str]]
    """Domain that announces an MTA-STS policy -> the exchangers that the policy must name."""

    def autoconfig(self) -> str:
        def one(where: tuple[str, str]) -> setup.Offered:
            node, domain = where
            path = f"/mail/config-v1.1.xml?emailaddress=somebody@{domain}"
            status, _, text = web.ask(self.nodes[node], f"autoconfig.{domain}", path)
            return setup.judge(setup.autoconfig, status, text, f"{node} for {domain}", self.hostname)

        return self._open(each(one, self._everywhere()))

    def autodiscover(self) -> str:
        def one(where: tuple[str, str]) -> setup.Offered:
            node, domain = where
            body = setup.AUTODISCOVER.format(address=f"somebody@{domain}")
            path = "/autodiscover/autodiscover.xml"
            status, _, text = web.ask(self.nodes[node], f"autodiscover.{domain}", path, body)
            return setup.judge(setup.autodiscover, status, text, f"{node} for {domain}", self.hostname)

        return self._open(each(one, self._everywhere()))

    def well_known(self) -> str:
        def one(where: tuple[str, str]) -> str:
            node, domain = where
            status, headers, _ = web.ask(self.nodes[node], domain, "/.well-known/jmap")
            place = headers.get("location", "")
            if status not in {301, 302, 307, 308} or not place.endswith("/jmap/session"):
                raise Wrong(f"{node} answers {status} {place} for {domain}")
            return place

        return f"every node leads to {' '.join(sorted(set(each(one, self._everywhere()))))}"

    def mta_sts(self) -> str:
        """The policy by which senders know that mail may come in with TLS only."""

        def one(where: tuple[str, str]) -> str:
            node, domain = where
            status, headers, text = web.ask(self.nodes[node], f"mta-sts.{domain}", "/.well-known/mta-sts.txt")
            if domain not in self.announced:
                return f"{domain} announces none"
            if status != _OK or not headers.get("content-type", "").startswith("text/plain"):
                raise Wrong(f"{node} answers {status} {headers.get('content-type', '')} for {domain}")
            return setup.mta_sts(text, self.announced[domain], f"{node} for {domain}")

        return "; ".join(sorted(set(each(one, self._everywhere()))))

    def _everywhere(self) -> list[tuple[str, str]]:
        return [(node, domain) for node in self.nodes for domain in self.domains]

    def _open(self, found: list[setup.Offered]) -> str:
        """What programs are told must be there: each port that is named speaks TLS on every node."""
        named = sorted(set().union(*found))
        ports = sorted({port for _, _, port in named})
        each(self._speaks_tls, [(node, port) for node in self.nodes for port in ports])
        shown = ", ".join(f"{kind} {host}:{port}" for kind, host, port in named)
        return f"{len(found)} answers name {shown}; all are open"

    def _speaks_tls(self, where: tuple[str, int]) -> str:
        node, port = where
        try:
            return spoken(self.nodes[node], port)
        except (OSError, smtplib.SMTPException) as trouble:
            raise Wrong(f"programs are told of port {port}, and {node} does not serve it: {trouble}") from None
