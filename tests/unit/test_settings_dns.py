"""What the stack file says of the records: who writes them, what they claim, and what receivers would not believe."""

from typing import Any

import pytest

from components.dns import wish
from components.dns.issuers import issuers
from components.settings import Dmarc, Settings, SettingsError, check
from components.settings.fields.network import name_server

SMALL: dict[str, Any] = {"platform": "lab", "nodes": {"mx1": {}, "mx2": {}}, "domains": {"dev.test": {}}}
UPDATES = {"provider": "rfc2136", "server": "10.77.0.9:5353", "tsig_name": "mail-key"}
SECRET = {"dns_tsig_secret": "c2VjcmV0"}


def settings(**changed: Any) -> Settings:
    given = {**SMALL, **changed}
    return check(given, frozenset({"dns_tsig_secret"} & set(given)))


def mistakes(**changed: Any) -> dict[str, str]:
    """Key -> the rest of the sentence."""
    with pytest.raises(SettingsError) as refused:
        settings(**changed)
    return {mistake.key: f"{mistake.problem} ({mistake.remedy})" for mistake in refused.value.mistakes}


def existing(*public: str, address: str = "10.0.0.1", **changed: Any) -> dict[str, Any]:
    node = {"address": address, **({"public": list(public)} if public else {})}
    return {"platform": "existing", "nodes": {"mx1": node}, "domains": {"example.org": {}}, **changed}


def test_updates_need_a_server_a_key_and_its_secret_and_nobody_else_uses_them() -> None:
    assert settings(dns=UPDATES, **SECRET).dns.server_address == ("10.77.0.9", 5353)
    assert {*mistakes(dns={"provider": "rfc2136"})} == {"dns.server", "dns.tsig_name", "dns_tsig_secret"}
    found = mistakes(dns={"server": "10.0.0.9", "tsig_name": "mail-key"})
    assert {key: "goes with dns.provider rfc2136" in told for key, told in found.items()} == {
        "dns.server": True,
        "dns.tsig_name": True,
    }


def test_the_secret_of_the_key_is_stored_as_one() -> None:
    with pytest.raises(SettingsError) as refused:
        check({**SMALL, "dns": UPDATES, **SECRET})
    assert "c2VjcmV0" not in str(refused.value)
    assert "pulumi config set --secret dns_tsig_secret" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.53", ("203.0.113.53", 53)),
        ("203.0.113.53:5353", ("203.0.113.53", 5353)),
        ("2001:db8::53", ("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", ("2001:db8::53", 5353)),
    ],
)
def test_a_name_server_is_an_address_with_or_without_a_port(text: str, address: tuple[str, int]) -> None:
    assert name_server(text) == address


@pytest.mark.parametrize("text", ["ns1.example.org", "203.0.113", "203.0.113.53:0", "203.0.113.53:70000", "", "[::1]"])
def test_what_is_no_address_of_a_name_server_is_refused(text: str) -> None:
    assert "203.0.113.53:5353" in mistakes(dns={"resolvers": [text]})["dns.resolvers[0]"]


@pytest.mark.parametrize("name", ["Mail", "mail key", "", "a..b", "x" * 64])
def test_what_is_no_name_of_a_key_is_refused(name: str) -> None:
    assert "e.g. mail-key" in mistakes(dns={**UPDATES, "tsig_name": name}, **SECRET)["dns.tsig_name"]


def test_an_algorithm_that_is_broken_is_refused() -> None:
    assert "dns.tsig_algorithm" in mistakes(dns={**UPDATES, "tsig_algorithm": "hmac-md5"}, **SECRET)


def test_every_name_lies_in_a_zone_that_is_written() -> None:
    domains = {"dev.test": {"aliases": ["other.test"]}, "sub.dev.test": {}}
    mail = {"domain": "dev.test"}
    assert wish.zones(settings(dns=UPDATES, domains=domains, mail=mail, **SECRET)) == (
        "dev.test",
        "other.test",
        "sub.dev.test",
    )
    told = mistakes(dns={**UPDATES, "zones": ["dev.test"]}, domains=domains, mail=mail, **SECRET)
    assert "none of them holds other.test" in told["dns.zones"]
    told = mistakes(dns=UPDATES, mail={"hostname": "mx.elsewhere.test"}, **SECRET)
    assert "none of them holds mx.elsewhere.test" in told["dns.zones"]


def test_zones_are_for_who_writes_them() -> None:
    assert "hetzner or rfc2136" in mistakes(dns={"zones": ["dev.test"]})["dns.zones"]


def test_where_somebody_else_writes_them_the_services_name_has_a_zone_file_of_its_own() -> None:
    found = settings(mail={"hostname": "mx.elsewhere.test"})
    assert wish.zones(found) == ("dev.test", "mx.elsewhere.test")


def test_the_records_of_the_services_names_are_written_first() -> None:
    domains = {"a.test": {}, "dev.test": {"aliases": ["b.test"]}}
    found = settings(domains=domains, mail={"domain": "a.test", "hostname": "mx.dev.test"})
    assert wish.parts(found) == ("dev.test", "a.test", "b.test")
    found = settings(domains=domains, mail={"domain": "a.test", "hostname": "mx.elsewhere.test"})
    assert wish.parts(found) == ("mx.elsewhere.test", "a.test", "dev.test", "b.test")


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.1.1", "172.20.0.1", "100.64.3.1"])
def test_mail_of_the_world_is_not_sent_from_a_private_address(address: str) -> None:
    told = mistakes(**existing(address=address))["nodes.mx1.public"]
    assert address in told
    assert "example.org" in told
    assert settings(**existing("203.0.113.11", address=address)).nodes["mx1"].public


def test_a_private_address_beside_a_public_one_is_told_too() -> None:
    assert "fd00::1" in mistakes(**existing("203.0.113.11", "fd00::1"))["nodes.mx1.public"]


@pytest.mark.parametrize("domain", ["dev.test", "office.internal", "mail.home.arpa", "shop.lan"])
def test_a_domain_of_one_s_own_network_may_have_private_addresses(domain: str) -> None:
    assert settings(**existing(domains={domain: {}}))


def test_an_alias_that_the_world_knows_needs_public_addresses_as_well() -> None:
    domains = {"dev.test": {"aliases": ["example.org"]}}
    assert "nodes.mx1.public" in mistakes(**existing(domains=domains))


def test_a_node_that_only_stores_sends_nothing() -> None:
    nodes = {
        "mx1": {"address": "10.0.0.1", "public": ["203.0.113.11"]},
        "db1": {"address": "10.0.0.2", "roles": ["database"]},
    }
    assert settings(**{**existing(), "nodes": nodes})


def test_no_node_has_the_name_of_all_that_send() -> None:
    assert (
        "greetings and reverse names"
        in mistakes(**{**existing(), "nodes": {"out": {"address": "10.0.0.1"}}})["nodes.out"]
    )


@pytest.mark.parametrize("source", ["private", "letsencrypt_staging"])
def test_a_policy_that_senders_cannot_follow_is_refused(source: str) -> None:
    given = {**existing("203.0.113.11"), "mail": {"certificate": source}}
    assert "no mail at all" in mistakes(**given, dns={"mta_sts": "enforce"})["dns.mta_sts"]
    assert settings(**given, dns={"mta_sts": "testing"})


def test_a_domain_has_its_own_policy_or_that_of_all_and_its_other_names_have_the_same() -> None:
    domains = {"dev.test": {"dmarc": "quarantine", "aliases": ["b.test"]}, "two.test": {}}
    found = settings(domains=domains, mail={"domain": "dev.test"}, dns={"dmarc": "reject"})
    told = {one.name: one.dmarc for one in wish.mail_names(found, ("mx1.mail.dev.test",), {}, {}).domains}
    assert told == {"dev.test": Dmarc.QUARANTINE, "b.test": Dmarc.QUARANTINE, "two.test": Dmarc.REJECT}


@pytest.mark.parametrize("source", ["letsencrypt", "letsencrypt_staging", "https://acme.zerossl.com/v2/DV90"])
def test_a_key_that_nobody_knows_before_it_is_shown_is_named_by_no_signed_zone(source: str) -> None:
    told = mistakes(**existing("203.0.113.11"), mail={"certificate": source}, dns={"signed": True})["dns.signed"]
    assert "deliver no mail" in told
    assert "take own" in told
    assert settings(**existing("203.0.113.11"), dns={"signed": True}).dns.signed


@pytest.mark.parametrize(
    ("certificate", "caa", "names"),
    [
        ("letsencrypt", None, ("letsencrypt.org",)),
        ("letsencrypt_staging", None, ("letsencrypt.org",)),
        ("https://acme.zerossl.com/v2/DV90", None, ("sectigo.com",)),
        ("https://dv.acme-v02.api.pki.goog/directory", None, ("pki.goog",)),
        ("https://acme.inside.example.org/directory", None, ()),
        ("private", None, ()),
        ("letsencrypt", ["letsencrypt.org", "pki.goog"], ("letsencrypt.org", "pki.goog")),
        ("letsencrypt", [], ()),
    ],
)
def test_the_authority_that_is_asked_may_issue(certificate: str, caa: list[str] | None, names: tuple[str, ...]) -> None:
    dns = {} if caa is None else {"caa": caa}
    found = settings(**existing("203.0.113.11"), mail={"certificate": certificate}, dns=dns)
    assert issuers(found) == names


@pytest.mark.parametrize("text", ["", "Post Master", "a@", "@example.org", "a@b@example.org", "x" * 65])
def test_who_gets_the_reports_is_a_mailbox_or_an_address(text: str) -> None:
    assert "dns.dmarc_reports" in mistakes(dns={"dmarc_reports": text})
    assert settings(dns={"dmarc_reports": "dmarc"}).dns.dmarc_reports == "dmarc"
    assert settings(dns={"dmarc_reports": "Dmarc@Example.ORG"}).dns.dmarc_reports == "dmarc@example.org"
