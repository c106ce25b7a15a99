"""The record that names a key of a mail server: of the key alone, so a renewed certificate has the same."""

from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from components.dns.tlsa import tlsa
from tests.standins.authority import Authority


def pem(*certificates: x509.Certificate) -> str:
    return "".join(one.public_bytes(serialization.Encoding.PEM).decode() for one in certificates)


def test_it_is_of_the_servers_key_and_not_of_the_authoritys() -> None:
    authority = Authority.make()
    _, certificate = authority.issue("mail.dev.test")
    assert tlsa(pem(certificate, authority.certificate)) == tlsa(pem(certificate)) != tlsa(pem(authority.certificate))


def test_it_stays_with_the_key_and_changes_with_it() -> None:
    authority = Authority.make()
    key, first = authority.issue("mail.dev.test")
    renewed = (
        x509.CertificateBuilder()
        .subject_name(first.subject)
        .issuer_name(first.issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(first.not_valid_before_utc)
        .not_valid_after(first.not_valid_after_utc + timedelta(days=90))
        .sign(Authority.make().key, hashes.SHA256())
    )
    assert tlsa(pem(renewed)) == tlsa(pem(first))
    assert tlsa(pem(authority.issue("mail.dev.test")[1])) != tlsa(pem(first))
