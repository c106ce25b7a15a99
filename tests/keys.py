"""Keys of people, public and private, as they hand them out and as they keep them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from pysequoia import ArmorKind, Cert, Tsk, armor

ANNA = "anna@dev.test"

# Made by GnuPG: of 2024, for thirty days.
EXPIRED = """\
-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEZZIAgBYJKwYBBAHaRw8BAQdA1S8Dx4k5j7954j6on6NiCWcpKYR+e0v8y3UE
dF3tnbW0FEFubmEgPGFubmFAZGV2LnRlc3Q+iJYEExYIAD4WIQQtqIPI+sUML1p7
L4F9UQJx1Y+d3gUCZZIAgAIbAwUJACeNAAULCQgHAgYVCgkICwIEFgIDAQIeAQIX
gAAKCRB9UQJx1Y+d3v3tAP9MOHYyWxVslUfhcdtQtHMvQo8a+PkDxwdK0/+RxvHW
mgEAtBfNLbSNIbnlVpP8SFb3Yo2TvVf9yrSexhE8wiHa1Q64OARlkgC8EgorBgEE
AZdVAQUBAQdA7C9Ud/tV6bdSS1Bokxi27HMDnTNntS0v0cfbuKUcYTsDAQgHiHgE
GBYIACAWIQQtqIPI+sUML1p7L4F9UQJx1Y+d3gUCZZIAvAIbDAAKCRB9UQJx1Y+d
3lIKAQD9uHazvWXeIbJ966Z5rtdSfJn//x1vpxLlLfMf8gu7sQEAoAnlpsGYfVeK
6JOYS4e5Md3MP/RpoWvU3DLCic3a3Q8=
=mQs4
-----END PGP PUBLIC KEY BLOCK-----
"""

# Made by GnuPG with `--cert-digest-algo SHA1`.
WEAK = """\
-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawjxlBYJKwYBBAHaRw8BAQdAHVZNbsJBErr5DbhkdrLZp44mD5ZVDiNNU/96
slBJ2ie0EkJvYiA8Ym9iQGRldi50ZXN0PoiQBBMWAgA4FiEE7uDMunLBQ+wCsvCn
ikckdXXb2ocFAmsI8ZQCGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AACgkQikck
dXXb2oc/GwD/Zbd1WGf20i1SoVfPyT743NCTOYwNCAWQl1N7NUIvKWQA/iB1edx6
gnyqHggFeUZqXQitcJY1sOGBg+iQJkx9vNEPuDgEawjxlBIKKwYBBAGXVQEFAQEH
QEej4sg2n0JryMfUeBTI8cBDcXwIoryM7XihWydn8ZgtAwEIB4h4BBgWAgAgFiEE
7uDMunLBQ+wCsvCnikckdXXb2ocFAmsI8ZQCGwwACgkQikckdXXb2oeItwEAmt0Y
SeQFZ+MgTZSr/cy+TbrNWjjDTJYznCNAR8AizUEBAKTR61LT6IKo3WRml+nUSiOi
BFKyA6rheJhFxlMVCVUO
=osJy
-----END PGP PUBLIC KEY BLOCK-----
"""


def openpgp(address: str = ANNA, days: int | None = None) -> tuple[str, str]:
    """The public and the private half of a key, armoured."""
    whole = Tsk.generate(user_id=f"Somebody <{address}>", validity_seconds=days and days * 86400)
    return str(whole.extract_certificate()), armor(bytes(whole), ArmorKind.SecretKey)


def revoked() -> str:
    """A public key that its owner took back."""
    whole = Tsk.generate(user_id=f"Somebody <{ANNA}>")
    cert = whole.extract_certificate()
    return str(Cert.from_bytes(bytes(cert) + bytes(cert.revoke(whole.certifier()))))


def certificate(
    address: str = ANNA, days: int = 365, *extensions: x509.ExtensionType, key: Any = None
) -> tuple[str, str]:
    """A certificate that its person issued, and its key, in PEM."""
    key = key or rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Somebody")])
    now = datetime.now(UTC)
    begin = min(now, now + timedelta(days=days)) - timedelta(days=1)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begin)
    builder = builder.not_valid_after(now + timedelta(days=days))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.RFC822Name(address)]), critical=False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    made = builder.sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def elliptic() -> str:
    """A certificate with a key of another kind."""
    return certificate(key=ec.generate_private_key(ec.SECP256R1()))[0]
