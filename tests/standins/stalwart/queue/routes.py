"""Which way a mail takes, by the settings in force: to whom, and how TLS is demanded of him."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..expressions import evaluate
from ..trust.names import Names, NoAnswer
from .hop import Hop, Status, failed

SMTP_PORT = 25

Object = dict[str, Any]


@dataclass(frozen=True)
class Routes:
    """As they were when the settings were put in force."""

    strategy: Object
    """MtaOutboundStrategy"""
    routes: Mapping[str, Object]
    """Name -> MtaRoute"""
    tls: Mapping[str, Object]
    """Name -> MtaTlsStrategy"""
    greeting: str
    names: Names
    is_local: Callable[[str], bool]
    secret: Callable[[Object], str]
    """The password that a setting names."""
    port: int = SMTP_PORT

    def hops(self, domain: str, retries: int, last_error: str) -> list[Hop] | Status:
        """Whom to try for a domain, in this order; or why nobody can be tried.

        Args:
            retries: how many attempts there were.
            last_error: dns, connection, tls ..., or nothing.
        """
        facts: dict[str, Any] = {"rcpt_domain": domain, "retry_num": retries, "last_error": last_error, "source": ""}
        route = self.routes[evaluate(self.strategy["route"], facts, self.is_local)]
        try:
            hosts = [route["address"]] if route["@type"] == "Relay" else self.names.exchangers(domain)
            found = [hop for host in hosts if (hop := self._hop(route, host, facts))]
        except NoAnswer as trouble:
            return failed("dnsError", str(trouble))
        return found or failed("dnsError", f"no address for {domain}", for_good=True)

    def _hop(self, route: Object, host: str, facts: dict[str, Any]) -> Hop | None:
        if not (addresses := tuple(self.names.addresses(host))):
            return None
        tls = self.tls[evaluate(self.strategy["tls"], {**facts, "mx": host}, self.is_local)]
        user = route.get("authUsername")
        return Hop(
            host=host,
            addresses=addresses,
            port=route.get("port", self.port),
            greeting=self.greeting,
            implicit=route.get("implicitTls", False),
            start_tls=tls["startTls"],
            any_certificate=tls["allowInvalidCerts"] or route.get("allowInvalidCerts", False),
            login=(user, self.secret(route["authSecret"])) if user else None,
        )
