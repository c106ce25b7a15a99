"""The challenge by records: refused with key, rule and remedy where the mail servers could not write them."""

import json
from typing import Any

import pytest

from components.certificate import challenge
from components.settings import Settings, SettingsError, check

BASE: dict[str, Any] = {
    "platform": "existing",
    "nodes": {"mx1": {"address": "10.0.0.1", "public": ["203.0.113.11"]}},
    "domains": {"example.org": {}},
}
BY_RECORDS = {"certificate": "letsencrypt", "certificate_challenge": "dns"}
UPDATES = {"provider": "rfc2136", "server": "203.0.113.53:5353", "tsig_name": "mail-key"}
UPDATE_SECRET = {"dns_tsig_secret": "c2VjcmV0"}
TOKEN = {"dns_challenge_secret": "token"}
SECRETS = frozenset({"dns_tsig_secret", "dns_challenge_secret"})


def settings(**changed: Any) -> Settings:
    given = {**BASE, "mail": BY_RECORDS, **changed}
    return check(given, SECRETS & set(given))


def mistakes(**changed: Any) -> dict[str, str]:
    """Key -> the rest of the sentence."""
    with pytest.raises(SettingsError) as refused:
        settings(**changed)
    return {mistake.key: f"{mistake.problem} ({mistake.remedy})" for mistake in refused.value.mistakes}


def test_an_authority_looks_at_port_443_unless_the_stack_file_says_records() -> None:
    assert challenge.document(settings(mail={"certificate": "letsencrypt"})) == ""


def test_of_ones_own_name_server_the_mail_servers_get_address_key_and_zone() -> None:
    found = json.loads(challenge.document(settings(dns=UPDATES, **UPDATE_SECRET)))
    assert found == {
        "server": {
            "@type": "Tsig",
            "host": "203.0.113.53",
            "port": 5353,
            "protocol": "tcp",
            "keyName": "mail-key",
            "tsigAlgorithm": "hmac-sha256",
        },
        "zones": {"example.org": "example.org"},
    }


def test_a_key_of_their_own_is_theirs_alone() -> None:
    own = {**UPDATES, "challenge_tsig_name": "challenge-key"}
    found = json.loads(challenge.document(settings(dns=own, **UPDATE_SECRET, **TOKEN)))
    assert found["server"]["keyName"] == "challenge-key"
    told = mistakes(dns=own, **UPDATE_SECRET)
    assert "pulumi config set --secret dns_challenge_secret" in told["dns_challenge_secret"]
    told = mistakes(dns=UPDATES, **UPDATE_SECRET, **TOKEN)
    assert "dns.challenge_tsig_name is missing" in told["dns_challenge_secret"]


def test_at_hetzner_the_mail_servers_need_a_token() -> None:
    assert "Hetzner's console" in mistakes(dns={"provider": "hetzner"})["dns_challenge_secret"]
    found = json.loads(challenge.document(settings(dns={"provider": "hetzner"}, **TOKEN)))
    assert found == {"server": {"@type": "Hetzner"}, "zones": {"example.org": "example.org"}}


def test_nobody_writes_records_that_a_person_enters() -> None:
    assert "take dns.provider hetzner or rfc2136" in mistakes()["mail.certificate_challenge"]


@pytest.mark.parametrize("source", ["private", "own"])
def test_without_an_authority_there_is_no_challenge(source: str) -> None:
    told = mistakes(mail={"certificate": source, "certificate_challenge": "dns"}, dns=UPDATES, **UPDATE_SECRET)
    assert f"with mail.certificate {source} no authority" in told["mail.certificate_challenge"]


@pytest.mark.parametrize(
    ("mail", "dns"),
    [
        ({"certificate": "letsencrypt"}, {**UPDATES, "challenge_tsig_name": "k"}),
        (BY_RECORDS, {"provider": "hetzner", "challenge_tsig_name": "k"}),
    ],
)
def test_a_key_that_nobody_uses_is_refused(mail: dict[str, Any], dns: dict[str, Any]) -> None:
    assert "goes with" in mistakes(mail=mail, dns=dns, **UPDATE_SECRET, **TOKEN)["dns.challenge_tsig_name"]


@pytest.mark.parametrize("server", ["127.0.0.1", "[::1]:5353"])
def test_a_name_server_that_only_this_machine_reaches_is_refused(server: str) -> None:
    told = mistakes(dns={**UPDATES, "server": server}, **UPDATE_SECRET)["dns.server"]
    assert "is each host itself (give the address by which the nodes reach it)" in told


def test_names_in_several_zones_need_zones_of_registered_names() -> None:
    """The mail server finds those by itself, and takes one zone for all otherwise."""
    domains = {"example.org": {"aliases": ["example.net"]}}
    found = json.loads(challenge.document(settings(dns=UPDATES, domains=domains, **UPDATE_SECRET)))
    assert found["zones"] == {"example.org": None}
    inner = {**UPDATES, "zones": ["example.org", "office.example.net"]}
    domains = {"example.org": {"aliases": ["office.example.net"]}}
    told = mistakes(dns=inner, domains=domains, **UPDATE_SECRET)['domains["example.org"]']
    assert "which office.example.net is not (make aliases in another zone domains of their own" in told


def test_the_names_of_the_service_count_with_the_default_domain() -> None:
    domains: dict[str, Any] = {"mail.example.org": {}, "example.com": {}}
    dns = {**UPDATES, "zones": ["mail.example.org", "example.com"]}
    mail = {**BY_RECORDS, "domain": "mail.example.org", "hostname": "mx.example.com"}
    assert 'domains["mail.example.org"]' in mistakes(dns=dns, domains=domains, mail=mail, **UPDATE_SECRET)
    mail = {**BY_RECORDS, "domain": "example.com", "hostname": "mx.example.com"}
    found = json.loads(challenge.document(settings(dns=dns, domains=domains, mail=mail, **UPDATE_SECRET)))
    assert found["zones"] == {"mail.example.org": "mail.example.org", "example.com": "example.com"}


def test_the_secret_is_stored_as_one_and_told_to_nobody() -> None:
    with pytest.raises(SettingsError) as refused:
        check({**BASE, "mail": BY_RECORDS, "dns": {"provider": "hetzner"}, "dns_challenge_secret": "hush"})
    assert "hush" not in str(refused.value)
    assert "pulumi config set --secret dns_challenge_secret" in str(refused.value)
