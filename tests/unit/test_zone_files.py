"""Whatever a stack file says, a name server takes the zones that come of it: BIND's own checker finds nothing."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from itertools import chain
from typing import Any

import dns.zone
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.dkim import record
from components.dns import Address, by_zone, records, wish, zone_file
from components.front.names import exchangers
from components.settings import Settings, check
from components.settings.names import holds
from components.topology import plan
from tests.checkzone import HEAD, complaints
from tests.standins.providers.generated import key_pair

RSA = record.text("rsa", key_pair("RSA")["publicKeyPem"])
ED25519 = record.text("ed25519", key_pair("ED25519")["publicKeyPem"])

# Domains near to each other: below each other, and with the names that the service takes for itself.
DOMAIN = st.sampled_from(
    [
        "example.org",
        "example.net",
        "mail.example.org",
        "sub.example.org",
        "autoconfig.example.org",
        "mta-sts.example.net",
        "mx1.mail.example.org",
        "out.mail.example.org",
        "grün.test",
    ]
)
V4 = st.builds(lambda number: str(IPv4Address("198.18.0.0") + number), st.integers(1, 60000))
V6 = st.builds(lambda number: str(IPv6Address("2001:4860::") + number), st.integers(1, 60000))
PUBLIC = st.lists(V4, min_size=1, max_size=1) | st.tuples(V4, V6).map(list)


@st.composite
def stacks(draw: st.DrawFn) -> Settings:
    """A stack file that is accepted: one to four nodes, some out of the front, any names, every choice of records."""
    names = draw(st.lists(DOMAIN, min_size=1, max_size=5, unique=True))
    count = draw(st.integers(1, len(names)))
    domains: dict[str, dict[str, Any]] = {
        name: {"dkim": {"keys": draw(st.sampled_from([[1], [2, 1]]))}} for name in names[:count]
    }
    for alias in names[count:]:
        domains[draw(st.sampled_from(names[:count]))].setdefault("aliases", []).append(alias)
    nodes: dict[str, Any] = {
        f"mx{index}": {"address": f"10.0.0.{index}", "public": draw(PUBLIC)}
        for index in range(1, draw(st.integers(1, 4)) + 1)
    }
    if len(nodes) > 1 and draw(st.booleans()):
        nodes["mx2"]["front"] = "out"
    given_values: dict[str, Any] = {
        "platform": "existing",
        "nodes": nodes,
        "domains": domains,
        "mail": {
            "domain": names[0],
            "submission": draw(st.booleans()),
            "certificate": draw(st.sampled_from(["private", "letsencrypt"])),
        },
        "front": {"sieve": draw(st.booleans())},
        "dns": {
            "dmarc": draw(st.sampled_from(["none", "quarantine", "reject"])),
            "dmarc_reports": draw(st.sampled_from(["postmaster", f"us@{names[0]}", "us@reports.net"])),
            "mta_sts": draw(st.sampled_from(["none", "testing"])),
        },
    }
    if draw(st.booleans()):
        given_values["mail"]["hostname"] = draw(DOMAIN | st.just("mail.elsewhere.test"))
    if draw(st.booleans()):
        given_values["mail"]["relay"] = {"host": "smtp.relay.test", "spf_include": "spf.relay.test"}
    return check(given_values)


def zone_files(stack: Settings, **more: Any) -> dict[str, str]:
    """The output `dns_records`, with addresses, keys and the digest known."""
    layout = plan(stack)
    public = {
        node.hostname: tuple(
            Address(type="AAAA" if ":" in str(value) else "A", value=str(value))
            for value in stack.nodes[node.name].public
        )
        for node in layout.mail_nodes
    }
    addresses = {
        stack.hostname: tuple(chain.from_iterable(public[node.hostname] for node in layout.front_nodes)),
        stack.outgoing: tuple(chain.from_iterable(public.values())),
        **public,
    }
    keys = {
        name: [
            (record.selector(number, kind), text)
            for number in section.dkim.keys
            for kind, text in (("ed25519", ED25519), ("rsa", RSA))
        ]
        for name, section in stack.domains.items()
    }
    names = wish.mail_names(stack, exchangers(stack, layout), addresses, keys, "v=UAAC1; a=sha256; d=" + "A" * 43)
    found = by_zone(records(replace(names, **more)), wish.zones(stack))
    return {zone: zone_file(zone, inside) for zone, inside in found.items()}


# Each example starts a process for every zone.
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(stacks(), st.sampled_from([(), ("3 1 1 " + "ab" * 32,)]))
@FEW
def test_every_zone_of_every_stack_file_is_taken_by_a_name_server(stack: Settings, keys: tuple[str, ...]) -> None:
    texts = zone_files(stack, keys=keys)
    for zone, text in texts.items():
        inner = [other for other in texts if other != zone and holds(zone, other)]
        assert complaints(zone, text, inner) == ""
        assert dns.zone.from_text(HEAD + text, zone, relativize=False)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("@ 300 IN MX 10 gone.example.org.\n", "gone.example.org"),
        ("a 300 IN CNAME b.example.org.\na 300 IN TXT x\nb 300 IN A 192.0.2.1\n", "CNAME and other data"),
        ("@ 300 IN MX 10 a.example.org.\na 300 IN CNAME b.example.org.\nb 300 IN A 192.0.2.1\n", "is a CNAME"),
        ("under_score 300 IN A 192.0.2.1\n", "bad owner name"),
        ("_imaps._tcp 300 IN SRV 0 1 993 gone.example.org.\n", "gone.example.org"),
    ],
)
def test_the_checker_finds_what_is_wrong(lines: str, said: str) -> None:
    """A test that passes whatever it is given would pass all the above."""
    assert said in complaints("example.org", "$ORIGIN example.org.\n" + lines)
