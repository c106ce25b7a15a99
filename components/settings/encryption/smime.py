"""Certificates for S/MIME. The mail server encrypts to RSA keys only, and looks at nothing else of a certificate.

Source: EncryptMessage in crates/email/src/message/crypto.rs of Stalwart 0.16.19: any other key, and one of more than
4,096 bits, which its library refuses (MAX_SIZE of the crate rsa 0.9), fails at every mail, which waits and bounces.
"""

from collections.abc import Iterator
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from components.settings.encryption.public_key import Kind, PublicKey, Unfit

_BITS = range(2048, 4097)
_MAIL = {ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}


def private() -> Unfit:
    """What is said of a private key."""
    return Unfit(
        "holds a private key, which never belongs here: who has it reads all mail, and the mail server must not",
        "take it out of this file and its history, and give the certificate alone: openssl x509 -in FILE",
    )


def read(text: str, now: datetime) -> PublicKey:
    """A certificate from PEM.

    Args:
        now: a time with a zone.

    Raises:
        Unfit: the mail server cannot encrypt with it, or its person could not read the mail.
    """
    certificate = _only(text)
    end = certificate.not_valid_after_utc
    if end <= now:
        raise Unfit(f"has ended on {end:%Y-%m-%d}", "give the one that follows it")
    if certificate.not_valid_before_utc > now:
        raise Unfit(f"is valid only from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC on", "give it then")
    _encrypts(certificate)
    return PublicKey(
        Kind.SMIME,
        certificate.public_bytes(Encoding.PEM).decode(),
        tuple(sorted({address.lower() for address in _addresses(certificate)})),
        end,
    )


def _only(text: str) -> x509.Certificate:
    try:
        found = x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        raise Unfit("cannot be read as a certificate: it is cut off or damaged", "openssl x509 -in FILE") from None
    if len(found) > 1:
        raise Unfit(
            f"holds {len(found)} certificates, and the mail server would encrypt for each of them",
            "give the person's own alone, without the authorities above it",
        )
    return found[0]


def _encrypts(certificate: x509.Certificate) -> None:
    key = _key(certificate)
    if not isinstance(key, rsa.RSAPublicKey):
        raise Unfit("has no RSA key, and the mail server encrypts by S/MIME to RSA only", "have one with RSA issued")
    if key.key_size not in _BITS:
        raise Unfit(
            f"has an RSA key of {key.key_size} bits; {_BITS[0]} is the least that is safe, {_BITS[-1]} the most that"
            " the mail server takes",
            "have another one issued",
        )
    if not _is_for_mail(certificate):
        raise Unfit("is not for encrypting mail, by the uses that stand in it", "have one for S/MIME issued")


def _key(certificate: x509.Certificate) -> object:
    """None where it is of a kind that nobody here knows."""
    try:
        return certificate.public_key()
    except (ValueError, TypeError):
        return None


def _is_for_mail(certificate: x509.Certificate) -> bool:
    extensions = {type(one.value): one.value for one in certificate.extensions}
    use, purposes = extensions.get(x509.KeyUsage), extensions.get(x509.ExtendedKeyUsage)
    if isinstance(use, x509.KeyUsage) and not use.key_encipherment:
        return False
    return not isinstance(purposes, x509.ExtendedKeyUsage) or not _MAIL.isdisjoint(purposes)


def _addresses(certificate: x509.Certificate) -> Iterator[str]:
    for attribute in certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS):
        yield str(attribute.value)
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            yield from extension.value.get_values_for_type(x509.RFC822Name)
