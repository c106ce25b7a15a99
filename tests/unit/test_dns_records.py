"""The records of a mail cluster, for any names and addresses: complete, without clashes, the same after a zone file."""

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.zone
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.dns.mta_sts import mta_sts_policy
from components.dns.names import Address, MailDomain, MailNames, Record
from components.dns.records import records
from components.dns.zone_file import quoted, zone_file
from components.dns.zones import OutsideZonesError, by_zone, in_zone

RECORDINGS = Path(__file__).parents[1] / "recordings/stalwart"
HEAD = "@ 60 IN SOA ns.invalid. hostmaster.invalid. 1 3600 600 86400 60\n@ 60 IN NS ns.invalid.\n"
V4, V6 = Address(type="A", value="192.0.2.1"), Address(type="AAAA", value="2001:db8::1")


def names(hostname: str = "mail.example.org", *domains: str, **more: Any) -> MailNames:
    """Two nodes behind one name, with everything else as a stack file has it by default."""
    nodes = [f"mx1.{hostname}", f"mx2.{hostname}"]
    given_names: dict[str, Any] = {
        "hostname": hostname,
        "outgoing": f"out.{hostname}",
        "exchangers": tuple(nodes),
        "addresses": dict.fromkeys([hostname, f"out.{hostname}", *nodes], (V4, V6)),
        "domains": tuple(MailDomain(name=domain) for domain in domains or ("example.org",)),
        "sieve": False,
        "submission": False,
        "reports": "postmaster",
        "caa": ("letsencrypt.org",),
        "mta_sts": "none",
        "ttl": 300,
    }
    return MailNames(**given_names | more)


def values(found: Iterable[Record], name: str, kind: str) -> tuple[Any, ...]:
    return next((record.values for record in found if (record.name, record.type) == (name, kind)), ())


def spf(found: Iterable[Record], name: str) -> list[str]:
    return [text for text in values(found, name, "TXT") if text.startswith("v=spf1")]


def allows(found: Iterable[Record], name: str, address: Any) -> bool:
    """What a receiver thinks of mail from an address: the two mechanisms that are used here, else no."""
    found = tuple(found)
    (text,) = spf(found, name)
    first, *mechanisms, last = (term for term in text.split() if not term.startswith("include:"))
    assert (first, last) == ("v=spf1", "-all")
    hosts = [name if mechanism == "a" else mechanism.removeprefix("a:") for mechanism in mechanisms]
    return any(address in values(found, host, kind) for host in hosts for kind in ("A", "AAAA"))


LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
# Names that are something to somebody else find more clashes than noise does.
NEAR = st.sampled_from(["mail", "autoconfig", "autodiscover", "mta-sts", "ua-auto-config", "out", "mx1", "sub"])
DOMAIN = st.builds(
    lambda labels, base: ".".join([*labels, base]),
    st.lists(NEAR | LABEL, max_size=3),
    st.sampled_from(["example.org", "example.net", "xn--tda.test"]),
)
ADDRESS = st.builds(lambda ip: Address(type="A", value=str(ip)), st.builds(IPv4Address, st.integers(1, 2**32 - 1)))
ADDRESS |= st.builds(lambda ip: Address(type="AAAA", value=str(ip)), st.builds(IPv6Address, st.integers(1, 2**128 - 1)))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=700)


@st.composite
def clusters(draw: st.DrawFn) -> MailNames:
    """Any names, related as a plan relates them: the sending name has the addresses of all nodes."""
    hostname = draw(DOMAIN)
    nodes = draw(st.dictionaries(NEAR | LABEL, st.lists(ADDRESS, min_size=1, max_size=3).map(tuple), min_size=1))
    own = {f"{node}.{hostname}": addresses for node, addresses in nodes.items()}
    together = tuple(address for addresses in nodes.values() for address in addresses)
    domains = draw(st.lists(DOMAIN | st.just(hostname), min_size=1, max_size=4, unique=True))
    keys = st.lists(st.tuples(LABEL, TEXT), max_size=2, unique_by=lambda key: key[0]).map(tuple)
    policies = st.sampled_from(["none", "quarantine", "reject"])
    return names(
        hostname,
        domains=tuple(MailDomain(name=name, dmarc=draw(policies), dkim=draw(keys)) for name in domains),
        exchangers=tuple(own) if draw(st.booleans()) else (hostname,),
        addresses={**own, hostname: together, f"out.{hostname}": together},
        sieve=draw(st.booleans()),
        submission=draw(st.booleans()),
        reports=draw(st.sampled_from(["postmaster", f"us@{domains[0]}", "us@reports.net"])),
        caa=tuple(draw(st.lists(DOMAIN, max_size=2, unique=True))),
        mta_sts=draw(st.sampled_from(["none", "testing", "enforce"])),
        relay_spf=draw(st.none() | DOMAIN),
        setup=draw(st.none() | TEXT),
        keys=tuple(draw(st.lists(st.from_regex(r"3 1 1 [0-9a-f]{64}", fullmatch=True), max_size=2))),
    )


@given(clusters())
def test_one_record_set_has_a_name_and_type_and_a_cname_has_no_neighbour(cluster: MailNames) -> None:
    found = records(cluster)
    assert len({(record.name, record.type) for record in found}) == len(found)
    assert all(len(set(record.values)) == len(record.values) > 0 for record in found)
    aliases = {record.name for record in found if record.type == "CNAME"}
    assert not aliases & {record.name for record in found if record.type != "CNAME"}


@given(clusters())
def test_what_mail_and_programs_are_led_to_has_an_address(cluster: MailNames) -> None:
    found = records(cluster)
    with_address = {record.name for record in found if record.type in {"A", "AAAA"}}
    aimed = [value.split()[-1] for record in found if record.type in {"MX", "SRV", "CNAME"} for value in record.values]
    assert {target.removesuffix(".") for target in aimed if target != "."} <= with_address


@given(clusters())
def test_a_name_that_helps_to_set_up_always_leads_somewhere(cluster: MailNames) -> None:
    led = {record.name for record in records(cluster) if record.type in {"A", "AAAA", "CNAME"}}
    for domain in cluster.domains:
        assert {f"{label}.{domain.name}" for label in ("autoconfig", "autodiscover", "ua-auto-config")} <= led


@given(clusters())
def test_every_name_that_sends_has_one_spf_and_that_allows_every_outgoing_address(cluster: MailNames) -> None:
    found = records(cluster)
    for name in {*(domain.name for domain in cluster.domains), cluster.outgoing}:
        assert all(allows(found, name, address.value) for address in cluster.addresses[cluster.outgoing])
        assert not allows(found, name, "198.51.100.99")
    for name in {*cluster.exchangers, cluster.hostname}:
        assert len(spf(found, name)) == 1


def test_a_relay_may_send_for_every_domain_beside_the_own_addresses() -> None:
    found = records(names(relay_spf="spf.relay.test"))
    assert spf(found, "example.org") == ["v=spf1 a:out.mail.example.org include:spf.relay.test -all"]
    assert spf(found, "out.mail.example.org") == ["v=spf1 a -all"]
    assert spf(found, "out.mail.example.org") == ["v=spf1 a -all"]


@given(clusters())
def test_a_zone_file_says_the_same_as_the_records(cluster: MailNames) -> None:
    zones = by_zone(records(cluster), ["example.org", "example.net", "xn--tda.test"])
    for zone, found in zones.items():
        read = dns.zone.from_text(HEAD + zone_file(zone, found), zone, relativize=False)
        sets = {
            (name.to_text(omit_final_dot=True), dns.rdatatype.to_text(rdataset.rdtype)): (rdataset.ttl, set(rdataset))
            for name, rdataset in read.iterate_rdatasets()
        }
        assert sets == sets | {_key(zone, record): (record.ttl, _parsed(record)) for record in found}
        assert len(sets) == len(found) + 2, "SOA and NS are all that was added"


def _key(zone: str, record: Record) -> tuple[str, str]:
    return (zone if record.name == "@" else f"{record.name}.{zone}", record.type)


def _parsed(record: Record) -> set[dns.rdata.Rdata]:
    """The values as dnspython has them; TXT by bytes, so that nothing here quotes but the zone file."""
    texts = record.type == "TXT"
    return {
        _text(value.encode()) if texts else dns.rdata.from_text("IN", record.type, value) for value in record.values
    }


def _text(data: bytes) -> dns.rdata.Rdata:
    pieces = [data[start : start + 255] for start in range(0, len(data), 255)] or [b""]
    wire = b"".join(bytes([len(piece)]) + piece for piece in pieces)
    return dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.TXT, wire, 0, len(wire))


@given(TEXT)
def test_a_quoted_text_is_plain_ascii_and_reads_back_whole(text: str) -> None:
    shown = quoted(text)
    assert re.fullmatch(r"[ -~]+", shown)
    read: Any = dns.rdata.from_text("IN", "TXT", shown)
    assert b"".join(read.strings).decode() == text


def test_quotes_backslashes_and_other_letters_are_escaped() -> None:
    assert quoted('a"b\\c') == r'"a\"b\\c"'
    assert quoted("ü\n") == r'"\195\188\010"'
    assert quoted("x" * 256) == f'"{"x" * 255}" "x"'


def test_a_domain_has_everything_that_mail_needs() -> None:
    domain = MailDomain(name="example.org", dkim=(("v1-ed25519", "v=DKIM1; k=ed25519; p=AAAA"),))
    found = records(names(mta_sts="testing", domains=(domain,), setup="v=UAAC1; a=sha256; d=AAAA"))
    told = {
        (record.name, record.type): record.values
        for record in found
        if record.name.endswith("example.org") and "._tcp." not in record.name and ".mail." not in record.name
    }
    assert told == {
        ("example.org", "MX"): ("10 mx1.mail.example.org.", "10 mx2.mail.example.org."),
        ("example.org", "TXT"): ("v=spf1 a:out.mail.example.org -all",),
        ("_ua-auto-config.example.org", "TXT"): ("v=UAAC1; a=sha256; d=AAAA",),
        ("_dmarc.example.org", "TXT"): ("v=DMARC1; p=none; rua=mailto:postmaster@example.org",),
        ("_smtp._tls.example.org", "TXT"): ("v=TLSRPTv1; rua=mailto:postmaster@example.org",),
        ("_mta-sts.example.org", "TXT"): values(found, "_mta-sts.example.org", "TXT"),
        ("v1-ed25519._domainkey.example.org", "TXT"): ("v=DKIM1; k=ed25519; p=AAAA",),
        ("mta-sts.example.org", "CNAME"): ("mail.example.org.",),
        ("autoconfig.example.org", "CNAME"): ("mail.example.org.",),
        ("autodiscover.example.org", "CNAME"): ("mail.example.org.",),
        ("ua-auto-config.example.org", "CNAME"): ("mail.example.org.",),
        ("mail.example.org", "A"): ("192.0.2.1",),
        ("mail.example.org", "AAAA"): ("2001:db8::1",),
        ("mail.example.org", "TXT"): ("v=spf1 a -all",),
        ("mail.example.org", "CAA"): ('0 issue "letsencrypt.org"',),
    }


def services(cluster: MailNames) -> dict[str, tuple[str, ...]]:
    return {r.name.removesuffix("._tcp.example.org"): r.values for r in records(cluster) if r.type == "SRV"}


def test_services_that_are_not_offered_are_said_to_be_not_there() -> None:
    assert services(names()) == {
        "_imaps": ("0 1 993 mail.example.org.",),
        "_submissions": ("0 1 465 mail.example.org.",),
        "_jmap": ("0 1 443 mail.example.org.",),
        "_caldavs": ("0 1 443 mail.example.org.",),
        "_carddavs": ("0 1 443 mail.example.org.",),
        **dict.fromkeys(["_imap", "_pop3", "_pop3s", "_sieve", "_submission"], ("0 0 0 .",)),
    }


def test_services_that_are_switched_on_are_told() -> None:
    found = services(names(sieve=True, submission=True))
    assert found["_sieve"] == ("0 1 4190 mail.example.org.",)
    assert found["_submission"] == ("0 1 587 mail.example.org.",)


def test_a_hostname_that_is_a_domain_has_the_spf_of_the_domain() -> None:
    found = records(names("example.org"))
    assert values(found, "example.org", "TXT") == ("v=spf1 a:out.example.org -all",)
    assert values(found, "autoconfig.example.org", "CNAME") == ("example.org.",)


def test_a_hostname_that_programs_ask_for_is_no_alias_of_itself() -> None:
    found = records(names("autoconfig.example.org"))
    assert not values(found, "autoconfig.example.org", "CNAME")
    assert values(found, "autoconfig.example.org", "A") == ("192.0.2.1",)


def test_a_domain_that_programs_ask_for_has_addresses_where_an_alias_cannot_stand() -> None:
    found = records(names("mail.example.org", "example.org", "autodiscover.example.org"))
    assert values(found, "autodiscover.example.org", "AAAA") == ("2001:db8::1",)
    assert values(found, "autodiscover.example.org", "MX")


def test_authorities_are_named_for_the_service_and_not_for_the_web_sites_of_the_domains() -> None:
    """An authority looks at a name, at what it is an alias of, and at the names above, until it finds any."""
    found = records(names("mail.example.org", "example.org", "example.net"))
    assert [record.name for record in found if record.type == "CAA"] == ["mail.example.org"]
    led = {record.name: record.values for record in found if record.type == "CNAME"}
    assert {*led.values()} == {("mail.example.org.",)}
    assert not [record for record in records(names(caa=())) if record.type == "CAA"]


def test_each_domain_has_its_own_policy_and_every_other_name_of_it_mail_of_its_own() -> None:
    strict, alias = MailDomain(name="example.org", dmarc="reject"), MailDomain(name="example.net")
    found = records(names(domains=(strict, alias)))
    assert values(found, "_dmarc.example.org", "TXT") == ("v=DMARC1; p=reject; rua=mailto:postmaster@example.org",)
    assert values(found, "_dmarc.example.net", "TXT") == ("v=DMARC1; p=none; rua=mailto:postmaster@example.net",)
    assert values(found, "example.net", "MX") == values(found, "example.org", "MX")
    assert spf(found, "example.net") == spf(found, "example.org")


def test_the_keys_of_the_mail_servers_are_told_where_connections_begin() -> None:
    found = records(names(keys=("3 1 1 " + "ab" * 32,)))
    assert {record.name for record in found if record.type == "TLSA"} == {
        "_25._tcp.mx1.mail.example.org",
        "_25._tcp.mx2.mail.example.org",
        "_465._tcp.mail.example.org",
        "_993._tcp.mail.example.org",
    }


def test_the_id_of_the_policy_changes_with_the_policy_and_with_nothing_else() -> None:
    def told(cluster: MailNames) -> str:
        (text,) = values(records(cluster), "_mta-sts.example.org", "TXT")
        found = re.fullmatch(r"v=STSv1; id=([a-z0-9]{1,32});", text)
        assert found
        return found[1]

    one = names(mta_sts="testing")
    assert told(one) == told(replace(one, exchangers=one.exchangers[::-1], ttl=60, sieve=True))
    assert len({told(one), told(names(mta_sts="enforce")), told(replace(one, exchangers=one.exchangers[:1]))}) == 3


def test_the_policy_is_what_the_mail_server_shows() -> None:
    """Recorded from a real one: the id in the record has to change when what senders fetch does, and only then."""
    shown = json.loads((RECORDINGS / "60-mta-sts.json").read_text())["shown"]
    assert mta_sts_policy("testing", ["mx2.mail.one.test", "mx1.mail.one.test"]) == shown


def test_without_a_policy_no_record_speaks_of_one() -> None:
    assert not [record for record in records(names()) if "mta-sts" in record.name]


def test_addresses_that_nobody_knows_yet_are_handed_on() -> None:
    class Promise:
        """Like the engine's: it equals only itself and has no order."""

    later = Promise(), Promise()
    addresses = {"mail.example.org": tuple(Address(type="A", value=value) for value in (*later, later[0]))}
    assert values(records(names(addresses=addresses)), "mail.example.org", "A") == later


@given(clusters(), st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_depend_on_the_order_of_what_was_given(cluster: MailNames, random: Any) -> None:
    addresses, domains = list(cluster.addresses.items()), list(cluster.domains)
    random.shuffle(addresses)
    random.shuffle(domains)
    other = replace(cluster, addresses=dict(addresses), domains=tuple(domains))
    assert [(r.name, r.type) for r in records(other)] == [(r.name, r.type) for r in records(cluster)]


def test_a_zone_has_the_names_below_it_and_its_own_as_at() -> None:
    found = records(names("mail.example.org", "example.org", "badexample.org"))
    assert {record.name for record in in_zone(found, "mail.example.org")} == {"@", "out", "mx1", "mx2"}
    assert "@" in {record.name for record in in_zone(found, "badexample.org")}
    assert not [record for record in in_zone(found, "example.org") if record.name.endswith("bad")]


def test_the_inner_one_of_nested_zones_holds_a_record() -> None:
    held = by_zone(records(names()), ["example.org", "mail.example.org"])
    assert {record.name for record in held["mail.example.org"]} == {"@", "out", "mx1", "mx2"}
    assert not [record for record in held["example.org"] if record.name.endswith("mail")]


def test_records_that_lie_in_no_zone_are_named() -> None:
    with pytest.raises(OutsideZonesError, match=r"no zone for mail\.example\.net A, .*zones: example\.org$") as caught:
        by_zone(records(names("mail.example.net", caa=())), ["example.org"])
    assert {record.name.split(".", 1)[-1] for record in caught.value.outside} == {"example.net", "mail.example.net"}


def test_reports_go_to_each_domain_or_to_one_address_whose_domain_says_that_it_takes_them() -> None:
    own = records(names("mail.example.org", "example.org", "example.net"))
    assert values(own, "_dmarc.example.net", "TXT") == ("v=DMARC1; p=none; rua=mailto:postmaster@example.net",)
    assert not [record for record in own if "._report." in record.name]

    one = records(names("mail.example.org", "example.org", "example.net", "example.com", reports="us@example.org"))
    for domain in ("example.org", "example.net", "example.com"):
        assert values(one, f"_dmarc.{domain}", "TXT") == ("v=DMARC1; p=none; rua=mailto:us@example.org",)
        assert values(one, f"_smtp._tls.{domain}", "TXT") == ("v=TLSRPTv1; rua=mailto:us@example.org",)
    assert [record.name for record in one if "._report." in record.name] == [
        "example.com._report._dmarc.example.org",
        "example.net._report._dmarc.example.org",
    ]
    assert values(one, "example.com._report._dmarc.example.org", "TXT") == ("v=DMARC1",)

    # Somebody else's zone is not ours to write.
    elsewhere = records(names("mail.example.org", "example.org", reports="us@reports.net"))
    assert not [record for record in elsewhere if "._report." in record.name]
