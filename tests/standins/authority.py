"""A certificate authority for an hour, and certificates of it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_BACK, _LIFE = timedelta(minutes=5), timedelta(days=2)


@dataclass(frozen=True)
class Authority:
    """Vouches for names."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls, called: str = "authority of a test") -> "Authority":
        """A new one."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, called)])
        basic = x509.BasicConstraints(ca=True, path_length=0)
        builder = _builder(name, name, key).add_extension(basic, critical=True)
        return cls(key, builder.sign(key, hashes.SHA256()))

    def issue(self, *names: str, days: int = _LIFE.days) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        """A key and a certificate for some names."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = _builder(subject, self.certificate.subject, key, timedelta(days=days)).add_extension(
            alternative, critical=False
        )
        return key, builder.sign(self.key, hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, life: timedelta = _LIFE
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACK)
        .not_valid_after(now + life)
    )
