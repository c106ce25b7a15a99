"""Keys that mail is encrypted with, in a stack file: which are taken, and each that is not with its reason.

Nothing of what was given is ever repeated: by mistake it may be a private key.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st
from pysequoia import Cert

from components.accounts import wish
from components.settings import Settings, SettingsError, check
from components.settings.encryption import key as keys
from components.settings.encryption.public_key import Kind, Unfit
from components.settings.encryption.warnings import warnings
from tests.keys import ANNA, EXPIRED, WEAK, certificate, elliptic, openpgp, revoked

STACK: dict[str, Any] = {"platform": "lab", "nodes": {"mx1": {}}, "domains": {"dev.test": {"aliases": ["two.test"]}}}
NO_ENCIPHERMENT = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def taken(encrypt: Any, **account: Any) -> Settings:
    return check({**STACK, "accounts": {ANNA: {"encrypt": encrypt, **account}}})


def refused(encrypt: Any) -> str:
    """What is said of a key that is not taken."""
    with pytest.raises(SettingsError) as error:
        taken(encrypt)
    return str(error.value)


def test_a_key_is_taken_from_its_text_or_from_a_file_beside_the_stack_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    public, _ = openpgp(days=100)
    Path("anna.asc").write_text(public)
    by_text, by_file, short = taken({"key": public}), taken({"key": "anna.asc"}), taken("anna.asc")
    assert by_text.accounts[ANNA] == by_file.accounts[ANNA] == short.accounts[ANNA]
    section = by_text.accounts[ANNA].encrypt
    assert section is not None
    assert (section.key.kind, section.key.addresses, section.algorithm) == (Kind.OPENPGP, (ANNA,), "aes256")
    assert section.key.until is not None
    assert abs(section.key.until - datetime.now(UTC) - timedelta(days=100)) < timedelta(minutes=5)


def test_an_openpgp_key_goes_to_the_mail_server_without_the_head_lines_that_it_refuses() -> None:
    public, _ = openpgp()
    assert "Comment: " in public, "as Sequoia writes it"
    (account,) = json.loads(wish.document(taken(public)))["accounts"]
    text = account["encrypt"]["key"]
    assert ":" not in text
    assert Cert.from_bytes(text.encode()).fingerprint == Cert.from_bytes(public.encode()).fingerprint
    assert account["encrypt"]["algorithm"] == "Aes256"
    assert "until" not in account["encrypt"], "it never ends"


def test_a_certificate_is_taken_with_each_algorithm_and_says_until_when_it_lasts() -> None:
    public, _ = certificate()
    for algorithm, name in (
        ("aes128", "Aes128"),
        ("aes256_gcm", "Aes256Gcm"),
        ("chacha20_poly1305", "ChaCha20Poly1305"),
    ):
        (account,) = json.loads(wish.document(taken({"key": public, "algorithm": algorithm})))["accounts"]
        assert account["encrypt"]["algorithm"] == name
        assert datetime.fromisoformat(account["encrypt"]["until"]) > datetime.now(UTC) + timedelta(days=360)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (lambda: EXPIRED, "has expired on 2024-01-31"),
        (lambda: WEAK, "not safe any more"),
        (revoked, "has been revoked by its owner"),
        (lambda: openpgp()[0] + openpgp()[0], "holds 2 keys"),
        (lambda: openpgp()[0][:400], "cut off or damaged"),
        (elliptic, "has no RSA key"),
        (lambda: certificate(days=-1)[0], "has ended on"),
        (lambda: certificate()[0] + certificate()[0], "holds 2 certificates"),
        (lambda: certificate()[0].replace("MII", "MIX", 1), "cut off or damaged"),
        (lambda: certificate(key=rsa.generate_private_key(65537, 1024))[0], "1024 bits"),  # noqa: S505  # the one that is refused
        (lambda: certificate(ANNA, 9, NO_ENCIPHERMENT)[0], "not for encrypting mail"),
        (
            lambda: certificate(ANNA, 9, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]))[0],
            "not for encrypting mail",
        ),
        (lambda: certificate()[0] + openpgp()[0], "of both kinds"),
        (lambda: "-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----", "neither an OpenPGP key nor"),
        (lambda: "keys/nobody.asc", "cannot be read: No such file"),
        (lambda: "a" * 400, "cannot be read: File name too long"),
        (lambda: " ", "is a file with a public key, or its text"),
        (lambda: 5, "must be a map"),
    ],
)
def test_a_key_that_mail_cannot_be_encrypted_with_is_refused_with_the_reason(made: Any, reason: str) -> None:
    value = made()
    told = refused(value)
    assert told.startswith(f'accounts["{ANNA}"].encrypt')
    assert reason in told
    assert len(str(value)) < 60 or str(value)[30:60] not in told


@pytest.mark.parametrize("make", [lambda: openpgp()[1], lambda: certificate()[1], lambda: "\n".join(certificate())])
def test_a_private_key_is_refused_without_a_word_of_it(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    private = make()
    Path("key").write_text(private)
    Path("people.json").write_text(json.dumps([{"address": ANNA, "encrypt": {"key": private}}]))
    tellings = [refused(private), refused("key"), refused({"key": private, "algorithm": "none"})]
    with pytest.raises(SettingsError) as error:
        check({**STACK, "accounts_file": "people.json"})
    tellings.append(str(error.value))
    for told in tellings:
        assert "private key, which never belongs here" in told
        assert not [
            line for line in private.splitlines() if len(line) > 20 and not line.startswith("-") and line in told
        ]


def test_a_private_key_without_its_first_line_is_taken_for_a_name_of_a_file_and_not_repeated() -> None:
    body = "".join(openpgp()[1].splitlines()[4:6])
    assert body[:20] not in refused(body)


@given(st.text(max_size=80))
def test_whatever_is_given_is_answered_with_a_sentence(text: str) -> None:
    for given_ in (text, f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{text}", f"-----BEGIN CERTIFICATE-----\n{text}\n"):
        with pytest.raises(Unfit):
            keys.read(given_)


def test_an_algorithm_for_certificates_only_is_refused_with_an_openpgp_key() -> None:
    assert "aes256_gcm is for S/MIME only" in refused({"key": openpgp()[0], "algorithm": "aes256_gcm"})


def test_a_key_counts_until_the_first_of_its_parts_ends() -> None:
    with pytest.raises(Unfit, match="has expired"):
        keys.read(openpgp(days=10)[0], datetime.now(UTC) + timedelta(days=11))


def test_all_mistakes_of_all_keys_are_told_together() -> None:
    with pytest.raises(SettingsError) as error:
        check(
            {**STACK, "accounts": {ANNA: {"encrypt": EXPIRED}, "bob@dev.test": {"encrypt": elliptic(), "quota": "x"}}}
        )
    assert [mistake.key for mistake in error.value.mistakes] == [
        f'accounts["{ANNA}"].encrypt.key',
        'accounts["bob@dev.test"].encrypt.key',
        'accounts["bob@dev.test"].quota',
    ]


def test_a_column_of_a_table_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("anna.asc").write_text(openpgp()[0])
    Path("people.csv").write_text(f"address,encrypt\n{ANNA},anna.asc\nbob@dev.test,\neve@dev.test,eve.asc\n")
    with pytest.raises(SettingsError) as error:
        check({**STACK, "accounts_file": "people.csv"})
    assert [mistake.key for mistake in error.value.mistakes] == ["accounts_file[4].encrypt.key"]


def test_a_key_that_ends_within_a_month_is_warned_of() -> None:
    settings = taken(openpgp(days=20)[0])
    (warning,) = warnings(settings)
    assert warning.startswith(f"keys that mail is encrypted with end soon: {ANNA} (")
    assert not [*warnings(settings, datetime.now(UTC) - timedelta(days=20))]


def test_a_key_of_somebody_else_is_warned_of_and_one_of_any_own_address_is_not() -> None:
    (warning,) = warnings(taken(openpgp("bob@dev.test")[0]))
    assert f"do not name their account: {ANNA} (of bob@dev.test)" in warning
    assert not [*warnings(taken(openpgp("Anna@two.test")[0]))], "another name of the domain"
    assert not [*warnings(taken(openpgp("a@dev.test")[0], aliases=["a@dev.test"]))]
