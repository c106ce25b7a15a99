"""What the mail server stand-in believes of a mail, and how it signs: by names, SPF, signatures and DMARC."""

import base64
import re
import subprocess
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives import serialization
from lib.dns import ask

from tests.standins.dns.server import NameServer
from tests.standins.stalwart.trust import dmarc, incoming, signatures, spf
from tests.standins.stalwart.trust.names import Names
from tests.standins.stalwart.trust.signatures import Signer

HEADERS = ("From", "To", "Date", "Subject", "Message-ID")
MAIL = (
    b"From: Anna <anna@example.org>\r\nTo: bob@example.net\r\nSubject: Ein  langer\r\n\tBetreff\r\n"
    b"Message-ID: <1@example.org>\r\n\r\nHello  there \r\n\r\n.\r\n\r\n\r\n"
)


def _key(kind: str) -> tuple[str, str]:
    """A private key as PEM, and the public one as it is published."""
    options = ["-pkeyopt", "rsa_keygen_bits:2048"] if kind == "rsa" else []
    line = ["openssl", "genpkey", "-algorithm", kind.upper(), *options]
    pem = subprocess.run(line, capture_output=True, check=True).stdout
    public = serialization.load_pem_private_key(pem, None).public_key()
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    der = public.public_bytes(*form)
    return pem.decode(), base64.b64encode(der if kind == "rsa" else der[-32:]).decode()


KEYS = {kind: _key(kind) for kind in ("rsa", "ed25519")}


def _text(value: str) -> str:
    return " ".join(f'"{value[start : start + 250]}"' for start in range(0, len(value), 250))


def _records(domain: str) -> str:
    keys = "".join(f"{k}._domainkey TXT {_text(f'v=DKIM1; k={k}; p={public}')}\n" for k, (_, public) in KEYS.items())
    return (
        keys + f'_dmarc TXT "v=DMARC1; p=reject; adkim=s; aspf=s"\n@ TXT "v=spf1 a:mx.{domain} -all"\nmx A 192.0.2.7\n'
    )


ZONES = {
    "example.org": _records("example.org"),
    "strict.example": '@ TXT "v=spf1 -all"\n_dmarc TXT "v=DMARC1; p=reject"\n',
    "relaxed.example": '@ TXT "v=spf1 ip4:198.51.100.0/24 ~all"\n_dmarc TXT "v=DMARC1; p=quarantine; sp=reject"\n'
    'news TXT "v=spf1 redirect=relaxed.example"\n',
    "chain.example": '@ TXT "v=spf1 include:example.org mx ?all"\n@ MX 20 second\n@ MX 10 first\nfirst A 192.0.2.8\n'
    'second A 192.0.2.9\ntwo TXT "v=spf1 -all"\ntwo TXT "v=spf1 +all"\nodd TXT "v=spf1 exists:%{i}.example -all"\n',
    "2.0.192.in-addr.arpa": "7 PTR mx.example.org.\n8 PTR mx.example.org.\n",
}


@pytest.fixture
def names() -> Iterator[Names]:
    """The names of a small world."""
    with NameServer(ZONES) as server:
        yield Names(ask.Names(resolvers=(("127.0.0.1", server.port),)))


@pytest.mark.parametrize(
    ("address", "domain", "result"),
    [
        ("192.0.2.7", "example.org", "pass"),
        ("192.0.2.8", "example.org", "fail"),
        ("198.51.100.9", "news.relaxed.example", "pass"),
        ("192.0.2.7", "relaxed.example", "softfail"),
        ("192.0.2.7", "chain.example", "pass"),
        ("192.0.2.9", "chain.example", "pass"),
        ("192.0.2.10", "chain.example", "neutral"),
        ("192.0.2.7", "nothing.example.org", "none"),
        ("192.0.2.7", "two.chain.example", "permerror"),
        ("192.0.2.7", "odd.chain.example", "permerror"),
    ],
)
def test_an_address_may_send_in_a_domains_name_or_not(names: Names, address: str, domain: str, result: str) -> None:
    assert spf.check(names, address, domain) == result


def test_the_preferred_exchanger_comes_first_and_without_any_the_domain_is_one(names: Names) -> None:
    assert names.exchangers("chain.example") == ["first.chain.example", "second.chain.example"]
    assert names.exchangers("mx.example.org") == ["mx.example.org"]


def test_a_reverse_name_fits_only_if_it_leads_back(names: Names) -> None:
    assert names.fits("192.0.2.7") == ("mx.example.org", True)
    assert names.fits("192.0.2.8") == ("mx.example.org", False)
    assert names.fits("192.0.2.9") == ("unknown", False)


def signed(mail: bytes = MAIL, domain: str = "example.org") -> bytes:
    signers = [Signer(domain, kind, kind, private, HEADERS) for kind, (private, _) in KEYS.items()]
    return signatures.signed(mail, signers)


def test_both_signatures_hold(names: Names) -> None:
    assert [(found.algorithm, found.result) for found in signatures.found(signed(), names)] == [
        ("rsa-sha256", "pass"),
        ("ed25519-sha256", "pass"),
    ]


def test_spaces_may_change_on_the_way(names: Names) -> None:
    moved = (
        signed().replace(b"Ein  langer\r\n\tBetreff", b"Ein langer Betreff").replace(b"Hello  there ", b"Hello there")
    )
    assert {found.result for found in signatures.found(moved, names)} == {"pass"}


@pytest.mark.parametrize(
    ("there", "changed"),
    [(b"Hello", b"Hallo"), (b"langer", b"kurzer"), (b"anna@example", b"otto@example"), (b"To: bob", b"To: eve")],
)
def test_a_signature_does_not_hold_for_a_mail_that_was_changed(names: Names, there: bytes, changed: bytes) -> None:
    assert {found.result for found in signatures.found(signed().replace(there, changed), names)} == {"fail"}


def test_a_signature_of_another_key_does_not_hold(names: Names) -> None:
    other = {kind: _key(kind)[0] for kind in KEYS}
    signers = [Signer("example.org", kind, kind, private, HEADERS) for kind, private in other.items()]
    assert {found.result for found in signatures.found(signatures.signed(MAIL, signers), names)} == {"fail"}


def test_what_has_no_record_cannot_be_told(names: Names) -> None:
    assert {found.result for found in signatures.found(signed(domain="relaxed.example"), names)} == {"permerror"}


@pytest.mark.parametrize(
    ("author", "by_spf", "signed_by", "result", "policy"),
    [
        ("example.org", ("example.org", "pass"), [], "pass", "reject"),
        ("example.org", ("mx.example.org", "pass"), [], "fail", "reject"),
        ("example.org", ("example.org", "fail"), ["example.org"], "pass", "reject"),
        ("relaxed.example", ("news.relaxed.example", "pass"), [], "pass", "quarantine"),
        ("news.relaxed.example", ("other.test", "pass"), [], "fail", "reject"),
        ("chain.example", ("chain.example", "fail"), [], "none", "none"),
    ],
)
def test_a_policy_asks_for_one_that_speaks_for_the_author(
    names: Names, author: str, by_spf: tuple[str, str], signed_by: list[str], result: str, policy: str
) -> None:
    found = dmarc.check(names, author, *by_spf, signed_by)
    assert (found.result, found.policy) == (result, policy)


def test_what_was_found_is_written_down(names: Names) -> None:
    envelope = incoming.Envelope("192.0.2.7", "mx.example.org", "anna@example.org")
    found = incoming.look(names, envelope, signed(), "mail.dev.test")
    line = " ".join(found.header.split())
    assert line.startswith("Authentication-Results: mail.dev.test;")
    for part in ("spf=pass", "dkim=pass", "dmarc=pass", "iprev=pass"):
        assert len(re.findall(rf"\b{part}\b", line)) == {"dkim=pass": 2}.get(part, 1), part


def test_a_forgery_is_one(names: Names) -> None:
    envelope = incoming.Envelope("192.0.2.7", "mx.example.org", "board@strict.example")
    forged = MAIL.replace(b"anna@example.org", b"board@strict.example")
    found = incoming.look(names, envelope, forged, "mail.dev.test")
    assert (found.dmarc.result, found.dmarc.policy) == ("fail", "reject")


def test_without_an_answer_nothing_is_held_against_a_mail() -> None:
    silent = Names(ask.Names(resolvers=(("127.0.0.1", 1),), seconds=0.2))
    found = incoming.look(silent, incoming.Envelope("192.0.2.7", "mx.example.org", "anna@example.org"), signed(), "m")
    assert (found.dmarc.result, found.dmarc.policy, found.is_certain) == ("temperror", "none", False)
    assert "pass" not in found.header
