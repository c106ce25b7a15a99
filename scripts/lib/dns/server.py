"""A name server that takes updates (RFC 2136) signed with a key (TSIG, RFC 8945): asked, and told."""

import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataset
import dns.rdatatype
import dns.tsig
import dns.update
from lib.console import Failed
from lib.dns.changes import Changes, Key, Sets, Values

ANSWER_SECONDS = 4.0
TRIES = 3
_AT_ONCE = 8
# A record that is asked for by a name that cannot be there shows what a wildcard makes of it.
_NOBODY = "no-such-name-"

Present = Mapping[Key, dns.rdataset.Rdataset]


class Silent(Failed):
    """No answer in time, after several tries."""


class NotOurs(Failed):
    """The server answers, and does not let us write this zone."""

    def __init__(self, key: str, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.key = key
        """The key of the stack file that it is about."""


class Outdated(Exception):  # noqa: N818  # reads as what happened
    """The zone has changed since it was read."""


@dataclass(frozen=True)
class Server:
    """One name server. Every message is signed: a hidden primary may answer nobody else."""

    host: str
    port: int
    key_name: str
    algorithm: str
    secret: str = field(repr=False)

    def check(self, zone: dns.name.Name) -> None:
        """See that the server holds a zone and lets this key write it; nothing is changed.

        Raises:
            NotOurs: which key of the stack file is wrong, and what to do.
            Silent: no answer.
        """
        answer = self._exchange(dns.message.make_query(zone, dns.rdatatype.SOA, use_edns=0))
        if not answer.get_rrset(dns.message.ANSWER, zone, dns.rdataclass.IN, dns.rdatatype.SOA):
            raise self._no_zone(zone, answer)
        # Without a prerequisite and without a change: what is left is the question whether we may.
        refusal = self._exchange(dns.update.UpdateMessage(zone)).rcode()
        if refusal != dns.rcode.NOERROR:
            raise self._refused(zone, refusal)

    def present(self, zone: dns.name.Name, keys: Iterable[Key], ours: Sets) -> Present:
        """The record sets of names and types, as far as they are there. What a wildcard answers is not there.

        Args:
            ours: what was made here: a set of nothing else is no wildcard's.
        """
        keys = list(keys)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = list(pool.map(lambda key: self._asked(zone, key, ours.get(key, frozenset())), keys))
        return {key: rdataset for key, rdataset in zip(keys, found, strict=True) if rdataset is not None}

    def update(self, zone: dns.name.Name, changes: Changes, ttl: int, present: Present) -> None:
        """Make changes, all of them or none, if the zone is as it was read.

        Raises:
            Outdated: it is not.
            NotOurs: the server does not take the update.
        """
        message = dns.update.UpdateMessage(zone)
        for name, kind in sorted({*changes.out, *changes.put}):
            there = present.get((name, kind))
            if there is None:
                message.absent(name, kind)
            else:
                message.present(name, *there)
        for (name, _), values in changes.out.items():
            for value in values:
                message.delete(name, value)
        for (name, _), values in changes.put.items():
            for value in values:
                message.add(name, ttl, value)
        refusal = self._exchange(message).rcode()
        if refusal in {dns.rcode.NXRRSET, dns.rcode.YXRRSET, dns.rcode.NXDOMAIN, dns.rcode.YXDOMAIN}:
            raise Outdated
        if refusal != dns.rcode.NOERROR:
            said = dns.rcode.to_text(refusal)
            raise Failed(
                f"{self} refuses the update of {zone.to_text(omit_final_dot=True)} ({said})",
                "its log says why: may the key write all names and types of the zone?",
            )

    def _asked(self, zone: dns.name.Name, key: Key, ours: Values) -> dns.rdataset.Rdataset | None:
        name, kind = key
        found = self._look(name, kind)
        if found is None or name == zone or ours.issuperset(found):
            return found
        beside = self._look(dns.name.Name((f"{_NOBODY}{secrets.token_hex(4)}".encode(), *name.labels[1:])), kind)
        return None if beside == found else found

    def _look(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> dns.rdataset.Rdataset | None:
        answer = self._exchange(dns.message.make_query(name, kind, use_edns=0))
        if answer.rcode() not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
            raise Failed(f"{self} answers {dns.rcode.to_text(answer.rcode())} to the question for {name} {kind.name}")
        rrset = answer.get_rrset(dns.message.ANSWER, name, dns.rdataclass.IN, kind)
        return dns.rdataset.from_rdata_list(rrset.ttl, list(rrset)) if rrset else None

    def _exchange(self, message: dns.message.Message) -> dns.message.Message:
        """By TCP: updates are long, and a server that is not there says so at once."""
        try:
            key = dns.tsig.Key(self.key_name, self.secret, self.algorithm)
        except (dns.exception.DNSException, ValueError):
            raise NotOurs("dns_tsig_secret", "is not base64", "take it from the name server's key file") from None
        message.use_tsig(key)
        return self._patiently(lambda: dns.query.tcp(message, self.host, port=self.port, timeout=ANSWER_SECONDS))

    def _patiently(self, ask: Callable[[], dns.message.Message]) -> dns.message.Message:
        trouble = ""
        for attempt in range(TRIES):
            if attempt:
                time.sleep(0.5)
            try:
                answer = ask()
            except dns.tsig.PeerBadTime:
                problem = f"{self} says that the time of this machine is wrong"
                raise NotOurs("dns.server", problem, "set one of the two clocks") from None
            except (dns.tsig.PeerBadKey, dns.message.UnknownTSIGKey):
                problem = f"{self} does not know the key {self.key_name} for {self.algorithm}"
                raise NotOurs("dns.tsig_name", problem, "compare name and algorithm with the server's") from None
            except (dns.tsig.PeerError, dns.tsig.BadSignature):
                problem = f"{self} has another secret for the key {self.key_name}"
                raise NotOurs("dns_tsig_secret", problem, "take the one of the server's key file") from None
            except (OSError, EOFError, dns.exception.DNSException) as error:
                trouble = str(error) or type(error).__name__
                continue
            return answer
        raise Silent(f"{self} does not answer: {trouble}", "is dns.server right, and may this machine reach it by TCP?")

    def _no_zone(self, zone: dns.name.Name, answer: dns.message.Message) -> NotOurs:
        said = dns.rcode.to_text(answer.rcode())
        name = zone.to_text(omit_final_dot=True)
        above = next((rrset.name for rrset in answer.authority if rrset.rdtype == dns.rdatatype.SOA), None)
        if above is not None and zone.is_subdomain(above):
            held = above.to_text(omit_final_dot=True)
            return NotOurs("dns.zones", f"{self} holds {name} as a part of the zone {held}", f"add {held} to dns.zones")
        return NotOurs(
            "dns.zones",
            f"{self} does not hold the zone {name} (it answers {said})",
            "create it there, or name the zones that it holds in dns.zones",
        )

    def _refused(self, zone: dns.name.Name, refusal: dns.rcode.Rcode) -> NotOurs:
        name = zone.to_text(omit_final_dot=True)
        if refusal == dns.rcode.NOTAUTH:
            return NotOurs(
                "dns.server", f"{self} is not the primary server of {name}", "name the primary in dns.server"
            )
        return NotOurs(
            "dns.tsig_name",
            f"{self} does not let the key {self.key_name} write the zone {name} ({dns.rcode.to_text(refusal)})",
            "allow it there, in BIND by update-policy or allow-update of the zone",
        )

    def __str__(self) -> str:
        """As the stack file has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 53 else f"{host}:{self.port}"  # noqa: PLR2004  # the port of DNS
