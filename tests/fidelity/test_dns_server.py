"""The records read back from a name server, as a sending and a receiving mail server would read them."""

import socket
from collections.abc import Iterator
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.resolver
import dns.reversename
import pytest

from components.dns.names import Address, MailDomain, MailNames
from components.dns.records import records
from components.dns.zone_file import zone_file
from components.dns.zones import by_zone
from tests.standins.dns.server import NameServer

HOSTNAME, OUTGOING = "mail.example.org", "out.mail.example.org"
# A key of 4096 bits: more than a datagram without EDNS holds.
KEY = "v=DKIM1; k=rsa; h=sha256; p=" + "MIIBIjANBgkqhkiG9w0B" * 36
ADDRESSES = {
    "mx1": (Address(type="A", value="192.0.2.1"), Address(type="AAAA", value="2001:db8::1")),
    "mx2": (Address(type="A", value="192.0.2.2"), Address(type="AAAA", value="2001:db8::2")),
}
EVERYWHERE = tuple(address for addresses in ADDRESSES.values() for address in addresses)
NAMES = MailNames(
    hostname=HOSTNAME,
    outgoing=OUTGOING,
    exchangers=tuple(f"{node}.{HOSTNAME}" for node in ADDRESSES),
    addresses={f"{node}.{HOSTNAME}": addresses for node, addresses in ADDRESSES.items()}
    | dict.fromkeys([HOSTNAME, OUTGOING], EVERYWHERE),
    domains=(
        MailDomain(name="example.org", dmarc="quarantine", dkim=(("v1-rsa", KEY),)),
        MailDomain(name="example.net", dmarc="quarantine"),
    ),
    sieve=False,
    submission=False,
    reports="postmaster",
    caa=("letsencrypt.org",),
    mta_sts="testing",
    ttl=300,
)
DOMAINS = [domain.name for domain in NAMES.domains]


def published(names: MailNames) -> dict[str, str]:
    """Zones of the names and of their addresses, as their owners would give them to providers."""
    zones = {
        zone: zone_file(zone, found) for zone, found in by_zone(records(names), ("example.org", "example.net")).items()
    }
    reverse: dict[str, list[str]] = {"2.0.192.in-addr.arpa": [], "8.b.d.0.1.0.0.2.ip6.arpa": []}
    for address in names.addresses[OUTGOING]:
        name = dns.reversename.from_address(address.value).to_text()
        (zone,) = (zone for zone in reverse if name.endswith(f".{zone}."))
        reverse[zone].append(f"{name} IN PTR {OUTGOING}.\n")
    return zones | {zone: "".join(lines) for zone, lines in reverse.items()}


@pytest.fixture
def server() -> Iterator[NameServer]:
    """All zones of the names, being served."""
    with NameServer(published(NAMES)) as running:
        yield running


class Lookups:
    """What another mail server asks."""

    def __init__(self, server: NameServer) -> None:
        self.server = server
        self._resolver = dns.resolver.Resolver(configure=False)
        self._resolver.nameservers = ["127.0.0.1"]
        self._resolver.port = server.port
        self._resolver.lifetime = 10

    def all(self, name: str, kind: str) -> list[Any]:
        """The records of a name, through aliases; none where there are none."""
        answer = self._resolver.resolve(f"{name}.", kind, raise_on_no_answer=False)
        return list(answer.rrset or ())

    def addresses(self, name: str) -> set[str]:
        return {record.to_text() for kind in ("A", "AAAA") for record in self.all(name, kind)}

    def text(self, name: str, beginning: str) -> str:
        """The only text of a name that begins so: two would be none (RFC 7208, RFC 7489)."""
        texts = [b"".join(record.strings).decode() for record in self.all(name, "TXT")]
        (found,) = (text for text in texts if text.startswith(beginning))
        return found

    def allowed(self, name: str) -> set[str]:
        """The addresses that the SPF of a name lets pass, of the mechanisms `a` and `a:NAME`."""
        first, *mechanisms, last = self.text(name, "v=spf1").split()
        assert (first, last) == ("v=spf1", "-all")
        hosts = [name if mechanism == "a" else mechanism.removeprefix("a:") for mechanism in mechanisms]
        return {address for host in hosts for address in self.addresses(host)}

    def reverse(self, address: str) -> list[str]:
        return [record.target.to_text(omit_final_dot=True) for record in self._resolver.resolve_address(address)]

    def raw(self, name: str, kind: str, **flags: Any) -> dns.message.Message:
        """One datagram and its answer, seen whole."""
        query = dns.message.make_query(name, kind, **flags)
        return dns.query.udp(query, "127.0.0.1", port=self.server.port, timeout=5)


@pytest.fixture
def ask(server: NameServer) -> Lookups:
    """Somebody else's mail server."""
    return Lookups(server)


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_sender_finds_every_exchanger_and_its_addresses(ask: Lookups, domain: str) -> None:
    found = {record.exchange.to_text(omit_final_dot=True): record.preference for record in ask.all(domain, "MX")}
    assert found == {f"{node}.{HOSTNAME}": 10 for node in ADDRESSES}
    for node, addresses in ADDRESSES.items():
        assert ask.addresses(f"{node}.{HOSTNAME}") == {address.value for address in addresses}


@pytest.mark.parametrize("address", [address.value for address in EVERYWHERE])
def test_a_receiver_finds_greeting_reverse_name_address_and_spf_in_agreement(ask: Lookups, address: str) -> None:
    (greeting,) = ask.reverse(address)
    assert greeting == OUTGOING
    assert address in ask.addresses(greeting)
    assert all(address in ask.allowed(name) for name in (greeting, *DOMAINS))


def test_a_receiver_finds_the_policies_of_a_domain(ask: Lookups) -> None:
    assert ask.text("_dmarc.example.net", "v=DMARC1") == ("v=DMARC1; p=quarantine; rua=mailto:postmaster@example.net")
    assert ask.text("_smtp._tls.example.net", "v=TLSRPTv1").endswith("postmaster@example.net")
    assert ask.text("_mta-sts.example.net", "v=STSv1") == ask.text("_mta-sts.example.org", "v=STSv1")


def test_a_signing_key_of_more_than_one_string_arrives_whole(ask: Lookups) -> None:
    assert ask.text("v1-rsa._domainkey.example.org", "v=DKIM1") == KEY


@pytest.mark.parametrize("label", ["autoconfig", "autodiscover", "ua-auto-config", "mta-sts"])
@pytest.mark.parametrize("domain", DOMAINS)
def test_an_alias_is_followed_from_zone_to_zone(ask: Lookups, label: str, domain: str) -> None:
    assert ask.addresses(f"{label}.{domain}") == ask.addresses(HOSTNAME)


def test_a_program_finds_its_service_and_what_is_not_offered(ask: Lookups) -> None:
    (imaps,), (imap,) = ask.all("_imaps._tcp.example.net", "SRV"), ask.all("_imap._tcp.example.net", "SRV")
    assert (imaps.target.to_text(), imaps.port) == (f"{HOSTNAME}.", 993)
    assert (imap.target.to_text(), imap.port) == (".", 0)


def test_an_authority_finds_that_it_may_issue(ask: Lookups) -> None:
    for name in (HOSTNAME, "autoconfig.example.net", "autoconfig.example.org"):
        assert [record.to_text() for record in ask.all(name, "CAA")] == ['0 issue "letsencrypt.org"']
    assert ask.all("example.net", "CAA") == []


def test_zones_are_replaced_while_they_are_served(ask: Lookups, server: NameServer) -> None:
    gone = {**NAMES.addresses, HOSTNAME: EVERYWHERE[:1]}
    server.serve(published(MailNames(**{**vars(NAMES), "addresses": gone})))
    assert ask.addresses(HOSTNAME) == {"192.0.2.1"}
    server.serve({})
    assert ask.raw(HOSTNAME, "A").rcode() == dns.rcode.REFUSED


def test_a_text_that_is_no_zone_is_refused_and_the_old_zones_stay(ask: Lookups, server: NameServer) -> None:
    with pytest.raises(dns.exception.DNSException):
        server.serve({"example.org": "a IN CNAME b\na IN TXT beside\n"})
    assert ask.addresses(HOSTNAME)


@pytest.mark.parametrize(
    ("name", "kind", "rcode", "authority"),
    [
        ("none.example.org", "A", dns.rcode.NXDOMAIN, 1),
        ("mail.example.org", "MX", dns.rcode.NOERROR, 1),
        ("_tcp.example.org", "SRV", dns.rcode.NOERROR, 1),
        ("example.com", "A", dns.rcode.REFUSED, 0),
        ("example.org", "AXFR", dns.rcode.REFUSED, 0),
    ],
)
def test_what_is_not_there_is_denied_as_a_real_server_denies_it(
    ask: Lookups, name: str, kind: str, rcode: dns.rcode.Rcode, authority: int
) -> None:
    answer = ask.raw(name, kind)
    assert (answer.rcode(), len(answer.answer), len(answer.authority)) == (rcode, 0, authority)
    assert bool(answer.flags & dns.flags.AA) is (rcode != dns.rcode.REFUSED)
    assert not answer.flags & dns.flags.RA


def test_an_answer_too_long_for_a_datagram_says_so(ask: Lookups) -> None:
    short = ask.raw("v1-rsa._domainkey.example.org", "TXT")
    assert short.flags & dns.flags.TC
    assert not short.answer
    assert ask.raw("v1-rsa._domainkey.example.org", "TXT", use_edns=0, payload=1232).answer


def test_noise_gets_no_answer_and_does_no_harm(ask: Lookups, server: NameServer) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noise:
        noise.sendto(b"\x00noise", ("127.0.0.1", server.port))
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as noise:
        noise.sendall(b"\x00\x05noise")
        assert noise.recv(1) == b""
    assert ask.addresses(HOSTNAME)


def test_an_alias_that_leads_to_itself_ends(ask: Lookups, server: NameServer) -> None:
    server.serve({"example.org": "a IN CNAME b\nb IN CNAME a\n"})
    assert len(ask.raw("a.example.org", "A").answer) == 2
