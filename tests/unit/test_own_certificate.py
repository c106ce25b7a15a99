"""A certificate of one's own is looked at from every side: a mistake is told with its key, its rule and its remedy."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from components import topology
from components.certificate.names import needed, useful
from components.certificate.own import mistakes, read, warnings
from components.settings import SettingsError, check
from components.settings.mistakes import Mistake

NOW = datetime(2026, 11, 26, tzinfo=UTC)
NAMES = ("mail.dev.test", "mx1.mail.dev.test")
PEM = serialization.Encoding.PEM
Key = Any


@dataclass
class Issued:
    """A certificate and what it was made with."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(PEM).decode()

    @property
    def key_pem(self) -> str:
        form = serialization.PrivateFormat.PKCS8
        return str(self.key.private_bytes(PEM, form, serialization.NoEncryption()).decode())


@dataclass
class Wish:
    """What a certificate shall be like."""

    name: str = "mail.dev.test"
    names: tuple[str, ...] = NAMES
    key: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    begin: datetime = NOW - timedelta(days=1)
    end: datetime = NOW + timedelta(days=90)
    authority: bool = False
    use: Any = ExtendedKeyUsageOID.SERVER_AUTH


def made(wish: Wish, by: Issued | None = None) -> Issued:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, wish.name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(wish.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(wish.begin)
        .not_valid_after(wish.end)
        .add_extension(x509.BasicConstraints(ca=wish.authority, path_length=None), critical=True)
    )
    if not wish.authority:
        names = x509.SubjectAlternativeName([x509.DNSName(name) for name in wish.names])
        builder = builder.add_extension(names, critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([wish.use]), critical=False)
    signer = by.key if by else wish.key
    digest = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return Issued(builder.sign(signer, digest), wish.key)


@pytest.fixture(scope="module")
def root() -> Issued:
    return made(Wish(name="Root", authority=True))


@pytest.fixture(scope="module")
def middle(root: Issued) -> Issued:
    return made(Wish(name="Intermediate", authority=True), root)


def told(chain: str, key: str, names: tuple[str, ...] = NAMES) -> list[str]:
    return [str(mistake) for mistake in mistakes(chain, key, names, NOW)]


def test_a_sound_one_passes_with_and_without_its_authorities(root: Issued, middle: Issued) -> None:
    server = made(Wish(), middle)
    for chain in (server.pem, server.pem + middle.pem, server.pem + middle.pem + root.pem):
        assert told(chain, server.key_pem) == []
    assert not [*warnings(server.pem, (), NOW)]


@pytest.mark.parametrize(
    "key", [rsa.generate_private_key(public_exponent=65537, key_size=2048), ec.generate_private_key(ec.SECP384R1())]
)
def test_the_keys_that_all_programs_know_pass(key: Key, middle: Issued) -> None:
    server = made(Wish(key=key), middle)
    assert told(server.pem, server.key_pem) == []


def test_a_missing_name_is_told_by_its_name(middle: Issued) -> None:
    server = made(Wish(names=("mail.dev.test",)), middle)
    (one,) = told(server.pem, server.key_pem)
    assert one.startswith("mail.certificate_chain: the certificate does not hold mx1.mail.dev.test (have one issued")


def test_a_wildcard_stands_for_one_label_and_no_more(middle: Issued) -> None:
    server = made(Wish(names=("*.dev.test",)), middle)
    (one,) = told(server.pem, server.key_pem, (*NAMES, "dev.test"))
    assert "does not hold dev.test, mx1.mail.dev.test (" in one


@pytest.mark.parametrize(
    ("wish", "problem", "remedy"),
    [
        (
            Wish(end=NOW - timedelta(hours=1)),
            "the certificate of mail.dev.test ended on 2026-11-25 23:00 UTC",
            "renewed",
        ),
        (Wish(begin=NOW + timedelta(days=1)), "is valid only from 2026-11-27 00:00 UTC on", "keep the former one"),
        (
            Wish(key=rsa.generate_private_key(public_exponent=65537, key_size=1024)),  # noqa: S505  # that is the case
            "1024 bits, which is too weak",
            "2048",
        ),
        (Wish(key=ed25519.Ed25519PrivateKey.generate()), "of a kind that many programs do not know", "P-256"),
        (Wish(key=ec.generate_private_key(ec.SECP224R1())), "of a kind that many programs do not know", "P-256"),
        (Wish(use=ExtendedKeyUsageOID.CLIENT_AUTH), "is for another use than a server's", "TLS servers"),
    ],
)
def test_what_programs_would_refuse_is_refused(wish: Wish, problem: str, remedy: str, middle: Issued) -> None:
    server = made(wish, middle)
    (one,) = told(server.pem + middle.pem, server.key_pem)
    assert one.startswith("mail.certificate_chain: ")
    assert problem in one
    assert remedy in one


def test_an_authority_that_has_ended_is_refused_like_the_servers_own(root: Issued) -> None:
    over = made(
        Wish(name="Intermediate", authority=True, end=NOW - timedelta(days=1), begin=NOW - timedelta(days=9)), root
    )
    server = made(Wish(), over)
    (one,) = told(server.pem + over.pem, server.key_pem)
    assert "the certificate of Intermediate ended on 2026-11-25" in one


def test_the_wrong_order_is_refused(root: Issued, middle: Issued) -> None:
    server = made(Wish(), middle)
    for chain, why in (
        (middle.pem + server.pem, "the certificate of Intermediate, an authority, stands first"),
        (server.pem + root.pem + middle.pem, "the certificate of Root follows on the certificate of mail.dev.test"),
    ):
        found = [one for one in told(chain, server.key_pem) if why in one]
        assert found
        assert "the server's own first, then each authority above it" in found[0]


def test_another_key_is_refused_and_no_key_is_ever_told(middle: Issued) -> None:
    server, other = made(Wish(), middle), made(Wish(), middle)
    (one,) = told(server.pem, other.key_pem)
    assert one.startswith("certificate_key: is not the key of the certificate of mail.dev.test (take the one")
    assert not [line for line in other.key_pem.splitlines() if line in one]


def test_a_key_that_cannot_be_read_says_what_to_do(middle: Issued) -> None:
    server = made(Wish(), middle)
    form, secret = serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"pass")
    encrypted = server.key.private_bytes(PEM, form, secret).decode()
    assert "openssl pkey -in key.pem" in told(server.pem, encrypted)[0]
    assert "pulumi config set --secret certificate_key < key.pem" in told(server.pem, "nonsense")[0]


def test_a_key_beside_the_chain_is_refused(middle: Issued) -> None:
    server = made(Wish(), middle)
    (one,) = told(server.key_pem + server.pem, server.key_pem)
    assert "there is a private key in it, where anybody may read it" in one


def test_no_certificate_at_all_is_one_mistake() -> None:
    assert len(told("-----BEGIN nothing", "x")) == 1


def test_all_mistakes_are_told_together(middle: Issued) -> None:
    server = made(Wish(names=("other.test",), end=NOW - timedelta(hours=1)), middle)
    found = told(middle.pem + server.pem, made(Wish(), middle).key_pem)
    assert len(found) >= 3


def test_one_that_ends_within_thirty_days_is_warned_of(middle: Issued) -> None:
    soon = made(Wish(end=NOW + timedelta(days=29)), middle)
    assert told(soon.pem, soon.key_pem) == []
    (one,) = warnings(soon.pem, (), NOW)
    assert "ends on 2026-12-25" in one


def test_names_for_the_convenience_of_programs_are_only_warned_of(middle: Issued) -> None:
    server = made(Wish(), middle)
    (one,) = warnings(server.pem, ("autoconfig.dev.test",), NOW)
    assert "does not hold autoconfig.dev.test" in one


def test_the_chain_is_text_or_a_file(tmp_path: Path, root: Issued) -> None:
    file = tmp_path / "chain.pem"
    file.write_text(root.pem)
    assert read(str(file)) == read(root.pem) == root.pem
    missing = read(str(tmp_path / "none.pem"))
    assert isinstance(missing, Mistake)
    assert "cannot be read: No such file" in missing.problem


BASE: dict[str, Any] = {"platform": "lab", "nodes": {"mx1": {}}, "domains": {"dev.test": {"aliases": ["other.test"]}}}


@pytest.mark.parametrize(
    ("mail", "secret", "keys"),
    [
        ({"certificate": "own"}, "", ["certificate_key", "mail.certificate_chain"]),
        ({"certificate": "own", "certificate_chain": "x"}, "", ["certificate_key"]),
        ({"certificate_chain": "x"}, "certificate_key", ["certificate_key", "mail.certificate_chain"]),
        ({"certificate": "self_signed"}, "", ["mail.certificate"]),
    ],
)
def test_chain_and_key_go_with_own_and_with_nothing_else(mail: dict[str, str], secret: str, keys: list[str]) -> None:
    given = {**BASE, "mail": mail, **({secret: "x"} if secret else {})}
    with pytest.raises(SettingsError) as refused:
        check(given, frozenset({secret} if secret else ()))
    assert [mistake.key for mistake in refused.value.mistakes] == keys


def test_a_key_in_clear_is_refused() -> None:
    given = {**BASE, "mail": {"certificate": "own", "certificate_chain": "x"}, "certificate_key": "x"}
    with pytest.raises(SettingsError, match="certificate_key: is a secret and must be stored as one"):
        check(given)


def test_what_a_certificate_has_to_hold_is_where_mail_is_handed_in_and_read() -> None:
    settings = check({**BASE, "dns": {"mta_sts": "testing"}})
    assert needed(settings, topology.plan(settings)) == (
        "mail.dev.test",
        "mta-sts.dev.test",
        "mta-sts.other.test",
        "mx1.mail.dev.test",
    )
    assert "autoconfig.other.test" in useful(settings)


@pytest.mark.parametrize(
    ("aliases", "policy", "refused"), [(31, "none", False), (32, "none", True), (24, "testing", True)]
)
def test_more_names_than_an_authority_certifies_are_refused(aliases: int, policy: str, refused: bool) -> None:  # noqa: FBT001
    given: dict[str, Any] = {
        "platform": "existing",
        "nodes": {"mx1": {"address": "10.0.0.1", "public": ["203.0.113.1"]}},
        "domains": {"example.org": {"aliases": [f"d{number}.example.net" for number in range(aliases)]}},
        "mail": {"certificate": "letsencrypt"},
        "dns": {"mta_sts": policy},
    }
    if not refused:
        check(given)
        return
    with pytest.raises(SettingsError, match="Let's Encrypt certifies 100 at most") as found:
        check(given)
    assert found.value.mistakes[0].key == 'domains["example.org"].aliases'
